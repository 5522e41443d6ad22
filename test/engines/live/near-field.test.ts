import { describe, expect, it } from 'vitest';

import { NearField } from '../../../src/engines/live/near-field.js';
import { LiveBench, type LiveBenchOptions, WINDOW } from './live-bench.js';

const SECONDS = WINDOW / 16_000;
/** Word n of the bench sounds at n of 32768: two steps nearer than `MIN` is near. */
const MIN = 100 / 32_768;
const SEGMENTATION = { threshold: 0.5, prefixPaddingMs: 64, silenceDurationMs: 320 };
const OPTIONS: LiveBenchOptions = { minRms: MIN, segmentation: SEGMENTATION };

/** Begins and ends of what was told, in windows. */
function turnsOf(bench: LiveBench): number[][] {
  const begins = bench.all('speech_started').map(({ atSeconds }) => atSeconds / SECONDS);
  const ends = bench.all('speech_stopped').map(({ atSeconds }) => atSeconds / SECONDS);
  return begins.map((begin, at) => [begin, ends[at] ?? Number.NaN]);
}

describe('live speech from near and far', () => {
  it('leaves out what is never loud enough, and says how loud it was', async () => {
    const bench = new LiveBench(OPTIONS);
    await bench.say([0, 10], [60, 20], [0, 20], [150, 20], [0, 20]);
    await bench.end();
    expect(bench.texts).toEqual(['w150']);
    expect(turnsOf(bench)).toEqual([[48, 80]]);
    expect(bench.all('far')).toEqual([
      {
        type: 'far',
        fromSeconds: 10 * SECONDS,
        throughSeconds: 30 * SECONDS,
        rms: expect.closeTo(60 / 32_768, 5),
      },
    ]);
    expect(bench.windows.every(({ pcm }) => !pcm.includes(60))).toBe(true);
  });

  it('hears all where nothing is asked for', async () => {
    const bench = new LiveBench({ segmentation: SEGMENTATION });
    await bench.say([60, 20], [0, 20]);
    await bench.end();
    expect(bench.texts).toEqual(['w60']);
  });

  it('tells of loud speech as soon as without', async () => {
    const speech = [
      [0, 10],
      [400, 4],
    ] as const;
    const all = new LiveBench({ segmentation: SEGMENTATION });
    const near = new LiveBench(OPTIONS);
    await all.say(...speech);
    await near.say(...speech);
    expect(near.all('speech_started')).toEqual(all.all('speech_started'));
    expect(near.all('speech_started')).toHaveLength(1);
  });

  it('hears a short word that is loud enough by itself, with all of it', async () => {
    const bench = new LiveBench(OPTIONS);
    await bench.say([0, 10], [110, 4], [0, 20]);
    await bench.end();
    expect(bench.texts).toEqual(['w110']);
    expect(bench.windows.at(-1)?.pcm.filter((value) => value === 110)).toHaveLength(4 * WINDOW);
  });

  it.each(['commit', 'end'] as const)('decides at a %s, too', async (how) => {
    const bench = new LiveBench({ minRms: MIN, turns: 'manual' });
    await bench.say([0, 10], [110, 4]);
    expect(bench.windows).toEqual([]);
    if (how === 'commit') await bench.send({ type: 'commit' });
    await bench.end();
    expect(bench.texts).toEqual(['w110']);
  });

  it('begins where somebody far is followed by somebody near', async () => {
    const bench = new LiveBench(OPTIONS);
    await bench.say([0, 10], [60, 40], [200, 20], [0, 20]);
    await bench.end();
    expect(bench.texts).toEqual([expect.stringMatching(/w200$/)]);
    const [[begin = 0] = []] = turnsOf(bench);
    expect(begin).toBeGreaterThan(50 - 12);
    expect(begin).toBeLessThanOrEqual(50);
  });

  it('ends a turn when only somebody far goes on, and keeps one that becomes a little softer', async () => {
    const bench = new LiveBench(OPTIONS);
    await bench.say([200, 20], [70, 40], [0, 20]);
    await bench.say([200, 20], [40, 40], [0, 20]);
    await bench.end();
    expect(bench.texts).toEqual(['w200 w70', expect.stringMatching(/^w200/)]);
    const [, [, end = 0] = []] = turnsOf(bench);
    expect(end).toBeLessThan(80 + 20 + 40);
  });

  it('forgets what was pending when the turn is dropped', () => {
    const near = new NearField(MIN);
    const quiet = new Int16Array(WINDOW).fill(110);
    near.hear(quiet, 1);
    near.judge({ type: 'speech_started', atSample: 0, speechFromSample: 0 }, WINDOW, true);
    near.reset();
    expect(near.end()).toBeUndefined();
  });
});

describe('a start that may not be silent for ever', () => {
  const request = { maxStartSilenceMs: 320, segmentation: SEGMENTATION };

  it('fails when nobody has spoken', async () => {
    const bench = new LiveBench(request);
    await bench.say([0, 12]);
    await expect(bench.over).rejects.toMatchObject({ code: 'empty_audio' });
  });

  it('goes on when somebody has', async () => {
    const bench = new LiveBench(request);
    await bench.say([0, 4], [1, 6], [0, 60]);
    await bench.end();
    expect(bench.texts).toEqual(['w1']);
  });
});
