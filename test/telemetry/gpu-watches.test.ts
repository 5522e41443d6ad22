import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GpuReading } from '../../src/protocol/gpus.js';
import { GpuWatches } from '../../src/telemetry/gpus/gpu-watches.js';
import { temperatureWatch } from '../../src/telemetry/gpus/temperature-watch.js';
import type { ThresholdWatch } from '../../src/telemetry/gpus/threshold-watch.js';
import { utilizationWatch } from '../../src/telemetry/gpus/utilization-watch.js';
import { vramWatch } from '../../src/telemetry/gpus/vram-watch.js';
import { gpuReading, silentGpu, snapshotOf, WatchLines } from './gpu-snapshots.js';

let log: WatchLines;
beforeEach(() => {
  log = new WatchLines();
});

const uuidsOf = ({ high }: ThresholdWatch): string[] => high.map(({ gpu }) => gpu.uuid);
const levels = (): string[] => log.lines.map(({ level }) => level);

function hot(index: number, temperatureCelsius: number | null): GpuReading {
  return gpuReading(index, { temperatureCelsius });
}

describe('the temperature', () => {
  let watch: ThresholdWatch;
  beforeEach(() => {
    watch = temperatureWatch(log);
  });

  test('is warned of above 80 °C, until below 76 °C, with a line for each', () => {
    const told: [number, number, number][] = [
      [80, 0, 0],
      [81, 1, 1],
      [95, 1, 1],
      [80, 1, 1],
      [76, 1, 1],
      [75, 0, 2],
      [79, 0, 2],
      [82, 1, 3],
    ];
    for (const [celsius, warnings, lines] of told) {
      watch.observe(snapshotOf([hot(0, celsius)]));
      expect([celsius, watch.warnings().length, log.lines.length]).toEqual([
        celsius,
        warnings,
        lines,
      ]);
    }
    expect(levels()).toEqual(['warn', 'info', 'warn']);
    expect(log.lines[0]).toMatchObject({ fields: { gpu: 'GPU-0', temperatureCelsius: 81 } });
  });

  test('is told by GPU, in words that say what to do', () => {
    watch.observe(snapshotOf([hot(0, 60), hot(1, 84), hot(2, 85)]));
    expect(uuidsOf(watch)).toEqual(['GPU-1', 'GPU-2']);
    expect(watch.warnings()[0]).toBe(
      'GPU 1 (NVIDIA L4) is too hot: 84 °C, warned above 80 °C. ' +
        'Look at its cooling: it slows itself down at 90 °C.',
    );
  });

  test('of a GPU that does not say it is no trouble, nor does silence end a warning', () => {
    watch.observe(snapshotOf([silentGpu(0), hot(1, 90)]));
    watch.observe(snapshotOf([silentGpu(0), hot(1, null)]));
    expect(uuidsOf(watch)).toEqual(['GPU-1']);
    expect(watch.warnings()[0]).toContain('90 °C');
    expect(log.lines).toHaveLength(1);
  });

  test('of a GPU that is gone is forgotten without a line', () => {
    watch.observe(snapshotOf([hot(0, 90), hot(1, 90)]));
    watch.observe(snapshotOf([hot(1, 90)]));
    expect(uuidsOf(watch)).toEqual(['GPU-1']);
    watch.observe(snapshotOf([hot(0, 78), hot(1, 90)]));
    expect(uuidsOf(watch)).toEqual(['GPU-1']);
    watch.forget();
    expect(watch.warnings()).toEqual([]);
    expect(levels()).toEqual(['warn', 'warn']);
  });

  test('that jumps about has one line for each true crossing', () => {
    const celsius = fc.oneof(
      fc.integer({ min: 70, max: 90 }),
      fc.integer({ min: 75, max: 81 }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(celsius, { maxLength: 200 }), (values) => {
        const lines = new WatchLines();
        const watched = temperatureWatch(lines);
        values.forEach((value, n) => watched.observe(snapshotOf([hot(0, value)], n * 1000)));
        expect(lines.lines.map(({ level }) => level)).toEqual(crossings(values));
      }),
    );
  });
});

/** Only what lies outside of the band counts; a crossing is where its side changes. */
function crossings(values: readonly (number | null)[]): string[] {
  const sides = values.flatMap((value) => {
    if (value === null || (value >= 76 && value <= 80)) return [];
    return value > 80 ? ['warn'] : ['info'];
  });
  return ['info', ...sides].flatMap((side, n, all) => (n > 0 && side !== all[n - 1] ? [side] : []));
}

describe('the memory', () => {
  let watch: ThresholdWatch;
  let nowMs: number;
  beforeEach(() => {
    watch = vramWatch(log);
    nowMs = 1_000_000;
  });

  /** So many seconds of one share, a snapshot a second. */
  function pass(seconds: number, usedRatio: number | null): void {
    for (let n = 0; n < seconds; n += 1) {
      const usedBytes = usedRatio === null ? null : usedRatio * 1000;
      const memory = { totalBytes: 1000, usedBytes, freeBytes: null, reservedBytes: null };
      watch.observe(snapshotOf([gpuReading(0, { memory })], nowMs));
      nowMs += 1000;
    }
  }

  test('is warned of when it was nearly full for a minute, until there is a tenth again', () => {
    pass(60, 0.96);
    expect(log.lines).toEqual([]);
    pass(1, 0.97);
    expect(watch.warnings()).toEqual([expect.stringMatching(/GPU 0 .* nearly full: 97 %/)]);
    pass(100, 0.9);
    expect(levels()).toEqual(['warn']);
    pass(1, 0.89);
    expect(watch.warnings()).toEqual([]);
    expect(levels()).toEqual(['warn', 'info']);
  });

  test.each([
    ['it falls for a moment', 0.95],
    ['it is not known for a moment', null],
  ])('is not warned of if %s', (_, ratio) => {
    pass(59, 0.99);
    pass(1, ratio);
    pass(60, 0.99);
    expect(log.lines).toEqual([]);
    pass(1, 0.99);
    expect(levels()).toEqual(['warn']);
  });

  test.each([
    ['a pause of the snapshots', 300_000],
    ['a clock that is set back', -300_000],
  ])('is not thought full throughout %s', (_, jumpMs) => {
    pass(1, 0.99);
    nowMs += jumpMs;
    pass(60, 0.99);
    expect(log.lines).toEqual([]);
    pass(1, 0.99);
    expect(levels()).toEqual(['warn']);
  });

  test('that the driver does not tell is no trouble', () => {
    for (let n = 0; n < 100; n += 1) watch.observe(snapshotOf([silentGpu(0)], n * 1000));
    expect(watch.warnings()).toEqual([]);
  });
});

test('a GPU that is busy for five minutes is worth one line and no warning', () => {
  const watch = utilizationWatch(log);
  const busy = { gpu: 0.99, memory: null, encoder: null, decoder: null };
  for (let n = 0; n < 300; n += 1) {
    watch.observe(snapshotOf([gpuReading(0, { utilizationRatio: busy })], n * 1000));
  }
  expect(log.lines).toEqual([]);
  for (let n = 300; n < 900; n += 1) {
    watch.observe(snapshotOf([gpuReading(0, { utilizationRatio: busy })], n * 1000));
  }
  watch.observe(snapshotOf([gpuReading(0)], 900_000));
  expect(levels()).toEqual(['info']);
});

test('all watches together say what /health warns of', () => {
  const watches = new GpuWatches(log);
  const memory = { totalBytes: 100, usedBytes: 99, freeBytes: 1, reservedBytes: 0 };
  const gpus = [gpuReading(0, { temperatureCelsius: 88, memory })];
  for (let n = 0; n <= 60; n += 1) watches.observe(snapshotOf(gpus, n * 1000));
  expect([...watches.hot]).toEqual(['GPU-0']);
  expect(watches.warnings()).toEqual([
    expect.stringContaining('too hot'),
    expect.stringContaining('nearly full'),
  ]);
  watches.forget();
  expect([watches.warnings(), watches.hot.size]).toEqual([[], 0]);
});
