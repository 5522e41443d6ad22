import { describe, expect, it } from 'vitest';

import { Collector } from '../../src/telemetry/nvml/collector.js';
import { ScriptedLibrary } from '../fake-nvml/scripted-library.js';

const SECOND = 1_000;
const POWER = 'nvmlDeviceGetPowerUsage';
const THROUGHPUT = 'nvmlDeviceGetPcieThroughput';

/** A collector whose clock goes by hand, one look a second. */
function collect(gpus: number) {
  const library = new ScriptedLibrary(Array.from({ length: gpus }, (_, index) => `GPU-${index}`));
  const clock = { nowMs: 0 };
  const collector = new Collector(library, { now: () => clock.nowMs });
  function look(): string {
    const report = collector.look();
    clock.nowMs += SECOND;
    if (report?.state === 'read') return `${report.snapshot.gpus.length}`;
    return report?.state ?? '-';
  }
  return { library, clock, collector, look };
}

function looks(look: () => string, times: number): string {
  return Array.from({ length: times }, look).join(' ');
}

describe('a library that fails', () => {
  it('is tried again at once, then ever more rarely, at most every 30 s', () => {
    const { library, look } = collect(1);
    library.codes.set('nvmlInit_v2', 9);
    const tries = looks(look, 200).split(' ');
    const at = tries.flatMap((report, second) => (report === 'failed' ? [second] : []));
    expect(at.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
    expect(new Set(tries)).toEqual(new Set(['failed', '-']));
  });

  it('is trusted anew after a success', () => {
    const { library, look } = collect(1);
    library.codes.set('nvmlInit_v2', 9);
    expect(looks(look, 4)).toBe('failed failed - failed');
    library.codes.clear();
    expect(looks(look, 5)).toBe('- - - 1 1');
    library.codes.set(POWER, 1);
    expect(looks(look, 2)).toBe('failed failed');
  });

  it('is shut down as often as it was initialised', () => {
    const { library, look, collector } = collect(1);
    looks(look, 2);
    library.codes.set('nvmlDeviceGetCount_v2', 18);
    expect(look()).toBe('failed');
    expect(look()).toBe('failed');
    library.codes.clear();
    looks(look, 3);
    collector.close();
    collector.close();
    expect(library.count('nvmlInit_v2')).toBe(3);
    expect(library.count('nvmlShutdown')).toBe(3);
  });

  it('does not pass for a machine without GPUs', () => {
    const { library, look } = collect(1);
    library.codes.set('nvmlDeviceGetCount_v2', 999);
    expect(look()).toBe('failed');
    library.codes.clear();
    library.uuids = [];
    expect(look()).toBe('0');
  });

  it('tells what is no error of NVML as a failure too', () => {
    const { library, look } = collect(1);
    library.onCall = (name) => {
      if (name === POWER) throw new Error('It is broken.');
    };
    expect(look()).toBe('failed');
  });
});

describe('a lost GPU', () => {
  it('has the library begun anew at the next look, then every 30 s', () => {
    const { library, look } = collect(2);
    looks(look, 3);
    library.codes.set(`${POWER}#1`, 15);
    expect(look()).toBe('1');
    expect(library.count('nvmlInit_v2')).toBe(1);
    expect(look()).toBe('1');
    expect(library.count('nvmlInit_v2')).toBe(2);
    looks(look, 29);
    expect(library.count('nvmlInit_v2')).toBe(2);
    looks(look, 1);
    expect(library.count('nvmlInit_v2')).toBe(3);
    library.codes.clear();
    expect(looks(look, 40)).toBe(Array.from({ length: 40 }, () => '2').join(' '));
    expect(library.count('nvmlInit_v2')).toBe(3);
  });

  it('is not lost for missing in one snapshot, but for missing in two', () => {
    const { library, collector, look } = collect(2);
    looks(look, 1);
    library.uuids = ['GPU-0'];
    const lost = [1, 2, 3].map(() => {
      const report = collector.look();
      return report?.state === 'read' ? report.snapshot.lost : [];
    });
    expect(lost).toEqual([[], ['GPU-1'], ['GPU-1']]);
  });
});

describe('dear values', () => {
  /** GPUs whose dear values were read at each look. */
  function turns(look: () => string, library: ScriptedLibrary, times: number): number[] {
    return Array.from({ length: times }, () => {
      const before = library.count(THROUGHPUT);
      look();
      return (library.count(THROUGHPUT) - before) / 2;
    });
  }

  it('are read in turns, one GPU at a look, if they take their time', () => {
    const { library, look, clock } = collect(4);
    library.onCall = (name) => {
      if (name === THROUGHPUT) clock.nowMs += 20;
    };
    expect(turns(look, library, 14)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it('are read together every ten seconds if that takes no time', () => {
    const { library, look } = collect(4);
    expect(turns(look, library, 12)).toEqual([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]);
  });
});
