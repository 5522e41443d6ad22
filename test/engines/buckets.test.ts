import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  assertHolds,
  bucketOf,
  bucketsOf,
  isPadded,
  paddedRows,
  runBuckets,
  upTo,
} from '../../src/engines/buckets.js';
import { ChorusError } from '../../src/protocol/errors.js';

const ascending = fc
  .uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 9 })
  .map((lengths) => lengths.toSorted((a, b) => a - b));

describe('buckets', () => {
  it('hold a length in the least that is long enough; what is beyond the last stays as it is', () => {
    fc.assert(
      fc.property(ascending, fc.integer({ min: 1, max: 600 }), (buckets, length) => {
        const found = bucketOf(length, buckets);
        expect(found).toBeGreaterThanOrEqual(length);
        expect(buckets.filter((bucket) => bucket >= length && bucket < found)).toEqual([]);
        if (length <= (buckets.at(-1) ?? 0)) expect(buckets).toContain(found);
        else expect(found).toBe(length);
      }),
    );
    expect(bucketOf(7)).toBe(7);
  });

  it("are the card's, and the engine's where it names none", () => {
    const defaults = { frames: [1, 2], batch: [3] };
    expect(bucketsOf({}, defaults)).toEqual(defaults);
    expect(bucketsOf({ buckets: { frames: [9] } }, defaults)).toEqual({ frames: [9], batch: [3] });
    expect(upTo(10, [4, 8, 12])).toEqual([4, 8, 10]);
  });

  it('that end before the longest step are refused with both lengths', () => {
    const card = { id: 'voice', buckets: { frames: [96, 384] } };
    expect(() => assertHolds(card, 'frames', 384)).not.toThrow();
    expect(() => assertHolds({ id: 'voice' }, 'frames', 384)).not.toThrow();
    expect(() => assertHolds(card, 'frames', 460)).toThrow(/buckets.frames with 384.*add 460/);
  });

  it('are padded to on a GPU, unless somebody says otherwise', () => {
    expect(isPadded({}, { provider: 'cuda' })).toBe(true);
    expect(isPadded({}, { provider: 'cpu' })).toBe(false);
    expect(isPadded({ padded: true }, { provider: 'cpu' })).toBe(true);
    expect(isPadded({ padded: false }, { provider: 'cuda' })).toBe(false);
  });

  it('get zeros behind each row', () => {
    const rows = Float32Array.of(1, 2, 3, 4);
    expect([...paddedRows(rows, 2, 3)]).toEqual([1, 2, 0, 3, 4, 0]);
    expect(paddedRows(rows, 2, 2)).toBe(rows);
  });

  it('that cannot be run are named, with what the replica said', async () => {
    const ran: number[] = [];
    const failure = new ChorusError('internal', 'The server met an unexpected error.');
    failure.cause = 'Error: no kernel for Conv\n    at somewhere';
    const run = async (length: number): Promise<void> => {
      if (length === 8) throw failure;
      ran.push(length);
    };
    const running = runBuckets('frames', [4, 8, 16], run);
    await expect(running).rejects.toMatchObject({
      code: 'model_failed',
      message: 'The bucket frames 8 could not be run before the start: Error: no kernel for Conv',
    });
    expect(ran).toEqual([4]);
    const full = new ChorusError('out_of_memory', 'There is no room.');
    const other = runBuckets('frames', [4], () => Promise.reject(full));
    await expect(other).rejects.toMatchObject({ code: 'out_of_memory' });
  });
});
