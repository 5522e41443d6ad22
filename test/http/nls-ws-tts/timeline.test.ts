import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EncodedClock } from '../../../src/http/encoded-clock.js';
import { FlowTimeline } from '../../../src/http/flow-timeline.js';
import { createMp3Encoder, MP3_RATES_HZ } from '../../../src/media/encoders/mp3.js';

const RATE_HZ = 8_000;
const begin = (index: number, atSeconds: number) =>
  ({ type: 'sentence_begin', index, atSeconds }) as const;

/** A timeline and what it gave: events by their index, audio by its length. */
function timelineOf(format: 'pcm' | 'wav' = 'pcm') {
  const given: (string | number)[] = [];
  const timeline = new FlowTimeline(
    { format, sampleRateHz: RATE_HZ },
    {
      event: ({ index }) => given.push(`#${index}`),
      bytes: ({ length }) => given.push(length),
    },
  );
  return { timeline, given };
}

describe('the events of a flow', () => {
  it('stand between the bytes where they belong, a little early', () => {
    const { timeline, given } = timelineOf();
    for (const [index, at] of [0, 0.5, 0.5, 1.5].entries()) timeline.tell(begin(index, at));
    expect(given).toEqual([]);
    timeline.push(new Uint8Array(16_000));
    expect(given).toEqual(['#0', 7_200, '#1', '#2', 8_800]);
    timeline.push(new Uint8Array(16_000));
    expect(given.slice(5)).toEqual([7_200, '#3', 8_800]);
  });

  it('come at once where their audio was sent already, and all at the end', () => {
    const { timeline, given } = timelineOf('wav');
    timeline.push(new Uint8Array(16_044));
    timeline.tell(begin(1, 1));
    timeline.tell(begin(2, 2));
    expect(given).toEqual([16_044, '#1']);
    timeline.end();
    expect(given).toEqual([16_044, '#1', '#2']);
  });

  it('lose no byte, and cut no sample', () => {
    const times = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: 8 });
    const chunks = fc.array(fc.nat(5_000), { maxLength: 10 });
    fc.assert(
      fc.property(times, chunks, (at, lengths) => {
        const { timeline, given } = timelineOf();
        at.toSorted((a, b) => a - b).forEach((time, index) => timeline.tell(begin(index, time)));
        for (const length of lengths) timeline.push(new Uint8Array(length * 2));
        timeline.end();
        const bytes = given.filter((one) => typeof one === 'number');
        expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(
          lengths.reduce((sum, one) => sum + one * 2, 0),
        );
        expect(bytes.every((one) => one % 2 === 0)).toBe(true);
        expect(given.filter((one) => typeof one === 'string')).toEqual(
          at.map((_, index) => `#${index}`),
        );
      }),
    );
  });
});

describe('the clock of encoded audio', () => {
  it('reads the bit rate of an MP3 stream from its first frame', async () => {
    for (const rateHz of MP3_RATES_HZ) {
      const encoder = await createMp3Encoder(rateHz);
      const chunks = [...encoder.push(new Float32Array(rateHz * 4)), ...encoder.finish()];
      const bytes = Buffer.concat(chunks);
      const clock = new EncodedClock('mp3', rateHz, bytes);
      // LAME's delay at the beginning, and the time that the clock is early.
      const seconds = bytes.length / (clock.bytesAt(2.3) - clock.bytesAt(1.3));
      expect(seconds).toBeGreaterThan(4);
      expect(seconds).toBeLessThan(4.5);
    }
  });
});
