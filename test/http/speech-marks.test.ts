import { describe, expect, it } from 'vitest';

import { cuesOf, sliceWhole, SpeechMarks } from '../../src/http/speech-marks.js';
import type { PieceMarks, SpeechEvent } from '../../src/protocol/requests.js';

const start: SpeechEvent = { type: 'start', sampleRateHz: 100, deterministic: true };
const audio = (samples: number): SpeechEvent => ({
  type: 'audio',
  pcm: new Uint8Array(samples * 4),
});
const mark = (piece: number, samples: number, marks?: PieceMarks): SpeechEvent => ({
  ...{ type: 'mark', piece, samples },
  ...(marks && { marks }),
});
/** A sentence of one word. */
const said = (sentence: number, at: number, samples: number): PieceMarks => ({
  ...{ sentence, start: at, end: at + 10, fromSample: 5, toSample: samples },
  words: [{ start: at, end: at + 4, fromSample: 5, toSample: 10 }],
});

function after(...events: SpeechEvent[]): SpeechMarks {
  const marks = new SpeechMarks();
  for (const event of events) marks.advance(event);
  return marks;
}

describe('the marks of a speech', () => {
  it('are times in the whole answer, whatever windows a piece comes in', () => {
    const marks = after(start, mark(0, 20, said(0, 0, 20)), audio(4), audio(16));
    expect(marks.take()).toEqual([
      {
        ...{ sentence: 0, start: 0.05, end: 0.2, textStart: 0, textEnd: 10 },
        words: [{ start: 0.05, end: 0.1, textStart: 0, textEnd: 4 }],
      },
    ]);
    for (const event of [mark(1, 10), audio(10), mark(2, 8, said(1, 11, 8)), audio(1)]) {
      marks.advance(event);
    }
    expect(marks.take()).toMatchObject([
      { sentence: 1, start: 0.35, end: 0.38, words: [{ start: 0.35, end: 0.4 }] },
    ]);
    expect(marks.take()).toEqual([]);
    expect(marks.seconds).toBeCloseTo(0.31);
  });

  it('are those of audio that is played faster than it was made', () => {
    const marks = new SpeechMarks(2);
    for (const event of [start, mark(0, 20, said(0, 0, 20)), audio(20)]) marks.advance(event);
    expect(marks.take()).toMatchObject([{ start: 0.025, end: 0.1, words: [{ end: 0.05 }] }]);
    expect(marks.seconds).toBeCloseTo(0.1);
    expect(marks.nextPiece).toBe(1);
  });

  it('are told with the first audio of their piece, not before', () => {
    const marks = after(start, mark(0, 20, said(0, 0, 20)));
    expect(marks.take()).toEqual([]);
    marks.advance(audio(0));
    expect(marks.take()).toEqual([]);
    marks.advance(audio(1));
    expect(marks.take()).toHaveLength(1);
  });

  it('are told once, and count on, where another worker goes on in the middle', () => {
    const marks = after(start, mark(0, 20, said(0, 0, 20)), audio(8));
    marks.take();
    for (const event of [start, mark(0, 12, said(0, 0, 20)), audio(12)]) marks.advance(event);
    expect(marks.take()).toEqual([]);
    for (const event of [mark(1, 20, said(1, 11, 20)), audio(20)]) marks.advance(event);
    expect(marks.take()).toMatchObject([{ sentence: 1, start: 0.25 }]);
  });

  it('are those of the worker that speaks a piece in the end', () => {
    const marks = after(start, mark(0, 20, said(0, 0, 20)));
    for (const event of [start, mark(0, 30, said(0, 0, 30)), audio(30)]) marks.advance(event);
    expect(marks.take()).toMatchObject([{ end: 0.3 }]);
  });

  it('count samples of 16 bits where the worker says that it sends them', () => {
    const start16: SpeechEvent = { ...start, isS16: true };
    expect(after(start16, { type: 'audio', pcm: new Uint8Array(200) }).seconds).toBe(1);
  });
});

describe('what is cut out of a text', () => {
  it.each([
    [0, 2, 'a😀'],
    [2, 3, '😀'],
    [1, 3, '😀'],
    [3, 4, 'b'],
    [0, 4, 'a😀b'],
    [4, 4, ''],
  ])('from %i to %i has whole characters', (from, to, expected) => {
    expect(sliceWhole({ text: 'a😀b' }, from, to)).toBe(expected);
  });

  it('has no tags and no references if it is markup', () => {
    const word = 'J&#233;r<!-- > -->ô<sub alias="me">m</sub>e';
    const text = `<speak>${word}</speak>`;
    expect(sliceWhole({ text, markup: 'ssml' }, 7, 7 + word.length)).toBe('Jérôme');
  });
});

it('a sentence of several pieces is one cue', () => {
  const text = 'One, two. Three.';
  const at = (sentence: number, from: number, to: number) => ({
    ...{ sentence, start: from, end: to, textStart: from, textEnd: to, words: [] },
  });
  expect(cuesOf({ text }, [at(0, 0, 4), at(0, 4, 9), at(1, 9, 16)])).toEqual([
    { start: 0, end: 9, text: 'One, two.' },
    { start: 9, end: 16, text: 'Three.' },
  ]);
});
