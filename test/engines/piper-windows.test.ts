import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sliceFrames } from '../../src/engines/piper/frames.js';
import { NoiseBank } from '../../src/engines/piper/noise.js';
import { type FrameRange, widened } from '../../src/models/piper/frame-range.js';
import { openingOf, sectionsOf, windowsOf } from '../../src/engines/piper/windows.js';
import { wordTimes } from '../../src/engines/piper/word-times.js';

const anyFrames = fc.integer({ min: 1, max: 6000 });

function lengths(ranges: readonly FrameRange[]): number[] {
  return ranges.map(({ from, to }) => to - from);
}

describe('windows', () => {
  it('cover all frames once, in order, in bounded lengths', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const sections = sectionsOf(frames);
        const windows = sections.flatMap(windowsOf);
        for (const ranges of [sections, windows]) {
          expect(ranges[0]?.from).toBe(0);
          expect(ranges.at(-1)?.to).toBe(frames);
          for (const [index, { from }] of ranges.entries()) {
            if (index > 0) expect(from).toBe(ranges[index - 1]?.to);
          }
        }
        expect(Math.max(...lengths(sections))).toBeLessThanOrEqual(384);
        expect(Math.max(...lengths(windows))).toBeLessThan(144);
        if (frames >= 144) expect(Math.min(...lengths(windows))).toBeGreaterThan(60);
      }),
    );
  });

  it('open with half a second, or with all of a short utterance', () => {
    expect([10, 96, 97, 900].map((frames) => openingOf(frames).to)).toEqual([10, 96, 48, 48]);
  });

  it('have context on both sides where there are frames', () => {
    expect(widened({ from: 5, to: 20 }, 10, 25)).toEqual({ from: 0, to: 25 });
    expect(widened({ from: 50, to: 80 }, 10, 1000)).toEqual({ from: 40, to: 90 });
  });
});

describe('the noise of an utterance', () => {
  const bank = new NoiseBank();
  const key = { seed: 5, utterance: 2, stream: 1 };

  it('is the same whichever frames are asked for', () => {
    const all = bank.frames(key, 3, { from: 0, to: 500 });
    fc.assert(
      fc.property(fc.nat(499), fc.nat(499), (a, b) => {
        const range = { from: Math.min(a, b), to: Math.max(a, b) + 1 };
        expect(bank.frames(key, 3, range)).toEqual(sliceFrames(all, range));
      }),
      { numRuns: 30 },
    );
  });

  it('differs between seeds, utterances and streams', () => {
    const range = { from: 0, to: 50 };
    const seen = [
      key,
      { ...key, seed: 6 },
      { ...key, utterance: 3 },
      { ...key, stream: 0 },
      { ...key, seed: 2 ** 32 - 1 },
    ].map((one) => [...bank.frames(one, 1, range).data].join());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is normal: no mean, a deviation of 1, some beyond 3', () => {
    const { data } = bank.frames(key, 192, { from: 0, to: 1000 });
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    const beyond = data.filter((value) => Math.abs(value) > 3).length / data.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(beyond).toBeGreaterThan(0.001);
    expect(beyond).toBeLessThan(0.005);
  });
});

describe('the times of words', () => {
  const sources = [
    { start: 0, end: 5 },
    { start: 6, end: 9 },
  ];
  const options = { sources, hopSamples: 100, sampleRateHz: 10_000 };

  it('are those of their phonemes, the space before them and 30 ms before', () => {
    const words = [undefined, 0, 0, undefined, 1, undefined];
    const durations = Float32Array.of(5, 3, 1, 4, 5, 1);
    expect(wordTimes({ ...options, words, durations })).toEqual([
      { start: 0, end: 5, fromSample: 500, toSample: 600 },
      { start: 6, end: 9, fromSample: 600, toSample: 1500 },
    ]);
  });

  it('leave out what is a pause', () => {
    const words = [undefined, 0, undefined, 1];
    const durations = Float32Array.of(1, 8, 20, 5);
    expect(wordTimes({ ...options, words, durations })).toEqual([
      { start: 0, end: 5, fromSample: 100, toSample: 600 },
      { start: 6, end: 9, fromSample: 2600, toSample: 3100 },
    ]);
  });
});
