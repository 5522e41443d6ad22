import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type PackedWindow,
  type PackingOptions,
  WHISPER_PACKING,
  WindowPacker,
} from '../../../src/engines/vad/pack-windows.js';
import { type SpeechSpan, spanLength } from '../../../src/engines/vad/span.js';
import { TimeMap } from '../../../src/engines/vad/time-map.js';

const RATE_HZ = 16_000;

function pack(spans: readonly SpeechSpan[], options: PackingOptions = WHISPER_PACKING) {
  const packer = new WindowPacker(options);
  return [...spans.flatMap((span) => packer.push(span)), ...packer.finish()];
}

/** Spans from gaps and lengths, in seconds. */
function spansFrom(turns: readonly (readonly [gap: number, length: number])[]): SpeechSpan[] {
  let at = 0;
  return turns.map(([gap, length]) => {
    const fromSample = at + Math.round(gap * RATE_HZ);
    at = fromSample + Math.round(length * RATE_HZ);
    return { fromSample, toSample: at };
  });
}

function piecesOf(windows: readonly PackedWindow[]): [number, number][][] {
  return windows.map(({ pieces }) =>
    pieces.map((one) => [one.fromSample / RATE_HZ, one.toSample / RATE_HZ]),
  );
}

const anySpans = fc
  .array(fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 70_000 })), { maxLength: 12 })
  .map((turns) => spansFrom(turns.map(([gap, length]) => [gap / RATE_HZ, length / RATE_HZ])));
/** Windows so short that spans must be cut, and such as hold many. */
const anyOptions = fc.record({
  maxWindowSamples: fc.integer({ min: 1000, max: 300_000 }),
  maxGapSamples: fc.nat(5000),
});

describe('WindowPacker', () => {
  it('loses no speech, hears nothing twice, and fills no window beyond its length', () => {
    fc.assert(
      fc.property(anySpans, anyOptions, (spans, options) => {
        const windows = pack(spans, options);
        let last = 0;
        for (const { samples, pieces } of windows) {
          expect(samples).toBeLessThanOrEqual(options.maxWindowSamples);
          expect(samples).toBe(pieces.reduce((sum, piece) => sum + spanLength(piece), 0));
          for (const piece of pieces) {
            expect(piece.fromSample).toBeGreaterThanOrEqual(last);
            expect(spanLength(piece)).toBeGreaterThan(0);
            last = piece.toSample;
          }
        }
        const pieces = windows.flatMap((window) => window.pieces);
        for (const span of spans) expect(covered(span, pieces)).toBe(spanLength(span));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps short silences whole and of long ones both ends', () => {
    const spans = spansFrom([
      [1, 2],
      [0.1, 2],
      [5, 3],
    ]);
    expect(piecesOf(pack(spans))).toEqual([
      [
        [1, 5.2],
        [10, 13.1],
      ],
    ]);
  });

  it('begins a window where a span would not fit', () => {
    const spans = spansFrom([
      [0, 20],
      [1, 9.8],
      [1, 9],
      [0, 30],
    ]);
    expect(piecesOf(pack(spans))).toEqual([
      [
        [0, 20.1],
        [20.9, 30.8],
      ],
      [[31.8, 40.8]],
      [[40.8, 70.8]],
    ]);
  });

  it('cuts a span that is longer than a window', () => {
    expect(piecesOf(pack(spansFrom([[2, 70]])))).toEqual([[[2, 32]], [[32, 62]], [[62, 72]]]);
  });

  it('lets a window out as soon as the next span does not fit', () => {
    const packer = new WindowPacker();
    const [first, second] = spansFrom([
      [0, 25],
      [2, 6],
    ]) as [SpeechSpan, SpeechSpan];
    expect(packer.push(first)).toEqual([]);
    expect(packer.push(second)).toHaveLength(1);
    expect(packer.finish()).toHaveLength(1);
    expect(packer.finish()).toEqual([]);
  });
});

/** Samples of a span that lie in one of the pieces. */
function covered(span: SpeechSpan, pieces: readonly SpeechSpan[]): number {
  const shared = pieces.map(
    (piece) =>
      Math.min(piece.toSample, span.toSample) - Math.max(piece.fromSample, span.fromSample),
  );
  return shared.filter((samples) => samples > 0).reduce((sum, samples) => sum + samples, 0);
}

describe('TimeMap', () => {
  it('goes to the file and back without loss, and never backwards', () => {
    fc.assert(
      fc.property(anySpans, anyOptions, fc.array(fc.nat(400_000)), (spans, options, numbers) => {
        for (const { times, samples, pieces } of pack(spans, options)) {
          const places = numbers.map((number) => number % (samples + 1)).toSorted((a, b) => a - b);
          let last = 0;
          for (const place of places) {
            const [start, end] = [times.toFile(place), times.toFile(place, 'end')];
            expect(times.toWindow(start)).toBe(place);
            expect(times.toWindow(end)).toBe(place);
            expect(end).toBeGreaterThanOrEqual(last);
            expect(start).toBeGreaterThanOrEqual(end);
            last = start;
            if (place < samples) expect(pieces.some((piece) => isIn(piece, start))).toBe(true);
          }
        }
      }),
    );
  });

  it('brings a time of the file that is in the window there and back', () => {
    fc.assert(
      fc.property(anySpans, anyOptions, fc.nat(), (spans, options, number) => {
        for (const { times, pieces } of pack(spans, options)) {
          for (const piece of pieces) {
            const sample = piece.fromSample + (number % spanLength(piece));
            expect(times.toFile(times.toWindow(sample))).toBe(sample);
          }
        }
      }),
    );
  });

  const times = new TimeMap([
    { fromSample: RATE_HZ, toSample: 3 * RATE_HZ },
    { fromSample: 10 * RATE_HZ, toSample: 14 * RATE_HZ },
  ]);

  it('takes a joint for the end of one piece or the start of the next', () => {
    expect(times.joints).toEqual([2 * RATE_HZ]);
    expect(times.toFileSeconds(2, 'end')).toBe(3);
    expect(times.toFileSeconds(2, 'start')).toBe(10);
    expect(times.toFileSeconds(1.98)).toBe(2.98);
    expect(times.toFileSeconds(2.02, 'end')).toBe(10.02);
  });

  it('holds on to its ends and its joints', () => {
    expect([-1, 0, 6, 29.98].map((seconds) => times.toFileSeconds(seconds))).toEqual([
      1, 1, 14, 14,
    ]);
    expect(times.toFileSeconds(0, 'end')).toBe(1);
    expect([0, 1, 3, 7, 10, 12.5, 99].map((seconds) => times.toWindowSeconds(seconds))).toEqual([
      0, 0, 2, 2, 2, 4.5, 6,
    ]);
  });
});

function isIn(span: SpeechSpan, sample: number): boolean {
  return span.fromSample <= sample && sample < span.toSample;
}
