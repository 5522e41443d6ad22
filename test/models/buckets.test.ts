import { describe, expect, it } from 'vitest';

import { bucketProblems, bucketsSchema } from '../../src/models/buckets.js';

describe('the buckets of a card', () => {
  it('are lists of lengths that ascend', () => {
    expect(bucketsSchema.safeParse({ tokens: [1, 5, 9] }).success).toBe(true);
    const wrong = [[], [0], [1.5], [5, 5], [9, 1], Array.from({ length: 33 }, (_, at) => at + 1)];
    for (const lengths of wrong) {
      expect(bucketsSchema.safeParse({ tokens: lengths }).success, String(lengths)).toBe(false);
    }
  });

  it('have the names that the engine knows', () => {
    expect(bucketProblems('whisper', { windowFrames: [400, 3000], batch: [1, 8] })).toEqual([]);
    expect(bucketProblems('piper', { tokens: [10] })).toEqual([
      'buckets.tokens: the engine piper has no such lengths; it has: phonemeIds, flowFrames, decoderFrames',
    ]);
    expect(bucketProblems('none', { constructor: [10] })[0]).toContain('it has: none');
    expect(bucketProblems('kokoro')).toEqual([]);
  });

  it('stay within what the engine runs, and reach as far as it does', () => {
    expect(bucketProblems('kokoro', { tokens: [511] })).toEqual([
      'buckets.tokens: 511 is more than the engine runs; 510 is the most',
    ]);
    expect(bucketProblems('sensevoice', { rows: [100, 499] })).toEqual([
      'buckets.rows: must end with 500, the longest that is run',
    ]);
    expect(bucketProblems('whisper', { windowFrames: [401, 3000] })).toEqual([
      'buckets.windowFrames: 401 is odd; the graph halves it',
    ]);
  });
});
