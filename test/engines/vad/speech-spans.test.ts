import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type SpeechSpan, spanLength } from '../../../src/engines/vad/span.js';
import {
  DEFAULT_SPEECH_SPANS,
  SpeechSpans,
  type SpeechSpanOptions,
} from '../../../src/engines/vad/speech-spans.js';
import { anyProbabilities, chunksOf } from './probabilities.js';

const WINDOW = 512;

interface Golden {
  readonly walk: readonly number[];
  readonly spans: readonly {
    readonly options: {
      readonly threshold?: number;
      readonly min_speech_duration_ms: number;
      readonly min_silence_duration_ms: number;
      readonly speech_pad_ms: number;
    };
    readonly spans: readonly (readonly [number, number])[];
  }[];
}

const PLAIN: SpeechSpanOptions = {
  threshold: 0.5,
  minSpeechMs: 0,
  minSilenceMs: 100,
  paddingMs: 0,
  maxSpanSeconds: Number.POSITIVE_INFINITY,
};

interface Audio {
  readonly probabilities: readonly number[];
  readonly options?: Partial<SpeechSpanOptions>;
  /** Absent = whole windows. */
  readonly samples?: number;
  /** Windows in a call; absent = all in one. */
  readonly chunks?: readonly number[];
}

function spansOf({ probabilities, options, samples, chunks = [] }: Audio): SpeechSpan[] {
  const spans = new SpeechSpans({ ...PLAIN, ...options });
  const found = chunksOf(probabilities, chunks).flatMap((chunk) => spans.push(chunk));
  return [...found, ...spans.finish(samples ?? probabilities.length * WINDOW)];
}

/** Spans in windows. */
function inWindows(audio: Audio): [number, number][] {
  return spansOf(audio).map((span) => [span.fromSample / WINDOW, span.toSample / WINDOW]);
}

/** Probabilities as a picture: `#` speech, `+` between the thresholds, `.` silence. */
function picture(text: string): number[] {
  return [...text].map((sign) => (sign === '#' ? 0.9 : sign === '+' ? 0.4 : 0.1));
}

const anyOptions: fc.Arbitrary<SpeechSpanOptions> = fc.record({
  threshold: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
  minSpeechMs: fc.nat(400),
  minSilenceMs: fc.nat(800),
  paddingMs: fc.nat(400),
  maxSpanSeconds: fc.oneof(
    fc.double({ min: 1, max: 6, noNaN: true }),
    fc.constant(Number.POSITIVE_INFINITY),
  ),
});
const anyChunks = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 });
const anyRest = fc.integer({ min: 1, max: WINDOW });

describe('SpeechSpans', () => {
  it('finds what the reference finds', async () => {
    const text = await readFile(join('test', 'golden', 'vad.json'), 'utf8');
    const { walk, spans } = JSON.parse(text) as Golden;
    expect(spans.length).toBeGreaterThan(3);
    for (const golden of spans) {
      const { threshold = 0.5, ...names } = golden.options;
      const options = {
        threshold,
        minSpeechMs: names.min_speech_duration_ms,
        minSilenceMs: names.min_silence_duration_ms,
        paddingMs: names.speech_pad_ms,
      };
      // The reference puts a window of silence after audio of whole windows.
      const samples = (walk.length - 1) * WINDOW;
      const found = spansOf({ probabilities: walk, options, samples });
      expect(found.map((span) => [span.fromSample, span.toSample])).toEqual(golden.spans);
    }
  });

  it('gives ordered, disjoint spans inside the audio, none too long', () => {
    fc.assert(
      fc.property(anyProbabilities, anyOptions, anyRest, (probabilities, options, rest) => {
        const samples = (probabilities.length - 1) * WINDOW + rest;
        let last = 0;
        for (const span of spansOf({ probabilities, options, samples })) {
          expect(span.fromSample).toBeGreaterThanOrEqual(last);
          expect(span.toSample).toBeGreaterThan(span.fromSample);
          expect(spanLength(span)).toBeLessThanOrEqual(options.maxSpanSeconds * 16_000);
          last = span.toSample;
        }
        expect(last).toBeLessThanOrEqual(samples);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same spans however the probabilities come', () => {
    fc.assert(
      fc.property(anyProbabilities, anyOptions, anyChunks, (probabilities, options, chunks) => {
        const whole = spansOf({ probabilities, options });
        expect(spansOf({ probabilities, options, chunks })).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('loses no window of speech where nothing is too short', () => {
    fc.assert(
      fc.property(anyProbabilities, anyOptions, (probabilities, options) => {
        const spans = spansOf({ probabilities, options: { ...options, minSpeechMs: 0 } });
        const lost = [...probabilities.entries()].filter(([window, probability]) => {
          const at = window * WINDOW;
          const holds = (one: SpeechSpan) => one.fromSample <= at && at + WINDOW <= one.toSample;
          return probability >= options.threshold && !spans.some(holds);
        });
        expect(lost).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on between the thresholds, and begins only above them', () => {
    const probabilities = picture('..++####++++##.....####......');
    expect(inWindows({ probabilities })).toEqual([
      [4, 14],
      [19, 23],
    ]);
  });

  it('overhears pauses that are too short', () => {
    const probabilities = picture('####....####.....####');
    expect(inWindows({ probabilities })).toEqual([
      [0, 12],
      [17, 21],
    ]);
  });

  it('drops what is too short', () => {
    const probabilities = picture('....####.....########.....#####');
    expect(inWindows({ probabilities, options: { minSpeechMs: 160 } })).toEqual([[13, 21]]);
  });

  it('lets near neighbours share what lies between them, and pads far ones in full', () => {
    const probabilities = picture('#####.....#####....................####..');
    const options = { paddingMs: 128 };
    expect(inWindows({ probabilities, options })).toEqual([
      [0, 7.5],
      [7.5, 19],
      [31, 41],
    ]);
  });

  it.each<[string, string, [number, number][]]>([
    [
      'the only one',
      '########....###################....##...........',
      [
        [0, 8],
        [12, 37],
      ],
    ],
    [
      'the later one',
      '#####....##########.....#########################',
      [
        [0, 19],
        [24, 49],
      ],
    ],
    [
      'the earlier one, and what is left once more',
      '#####.....##########....#########################',
      [
        [0, 5],
        [10, 20],
        [24, 49],
      ],
    ],
  ])('cuts long speech in its longest pause: %s', (_, text, spans) => {
    const options = { minSilenceMs: 1000, maxSpanSeconds: 1.024 };
    expect(inWindows({ probabilities: picture(text), options })).toEqual(spans);
  });

  it('cuts speech without a pause where it is least likely, and loses nothing of it', () => {
    const probabilities = picture('#########################+######################');
    const options = { maxSpanSeconds: 1.024, minSpeechMs: 780 };
    expect(inWindows({ probabilities, options })).toEqual([
      [0, 25],
      [25, 48],
    ]);
  });

  it('lets a span out once it is final, and not before', () => {
    const spans = new SpeechSpans({ ...PLAIN, paddingMs: 96 });
    expect(spans.push(picture('..######......'))).toEqual([]);
    expect(spans.push(picture('.'))).toEqual([{ fromSample: 0, toSample: 11 * WINDOW }]);
  });

  it('keeps no more for hours than for minutes', () => {
    const spans = new SpeechSpans(DEFAULT_SPEECH_SPANS);
    const minute = picture('#'.repeat(300).concat('.'.repeat(20)).repeat(6));
    let [seconds, most] = [0, 0];
    for (let minutes = 0; minutes < 120; minutes++) {
      const found = spans.push(minute);
      most = Math.max(most, found.length);
      seconds += found.reduce((sum, span) => sum + spanLength(span), 0) / 16_000;
    }
    expect(most).toBeLessThan(10);
    expect(seconds).toBeGreaterThan(7000);
  });

  it('refuses a longest span without room for its paddings', () => {
    const build = () => new SpeechSpans({ ...PLAIN, paddingMs: 500, maxSpanSeconds: 1 });
    expect(build).toThrow(RangeError);
  });
});
