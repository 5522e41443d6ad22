import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SpokenText } from '../../src/speech/subtitle-atoms.js';
import { subtitleCues } from '../../src/speech/subtitle-cues.js';
import { columnsOf } from '../../src/speech/subtitle-width.js';
import type { Cue } from '../../src/speech/subtitles.js';

/** Segments that follow each other and are spoken evenly. */
function spoken(texts: readonly string[], lettersPerSecond: number, pauseSeconds = 0) {
  let at = 0;
  return texts.map((text): SpokenText => {
    const start = at;
    const end = start + text.length / lettersPerSecond;
    at = end + pauseSeconds;
    return { text, start, end };
  });
}

function withWords(start: number, ...words: readonly (readonly [string, number])[]): SpokenText {
  let at = start;
  const timed = words.map(([word, seconds]) => {
    const begin = at;
    at += seconds;
    return { word, start: begin, end: at, probability: 0.9 };
  });
  return { text: words.map(([word]) => word).join(''), start, end: at, words: timed };
}

const cuesOf = (segments: readonly SpokenText[], durationSeconds = 100): Cue[] => [
  ...subtitleCues(segments, { durationSeconds }),
];
const textsOf = (segments: readonly SpokenText[]): string[] =>
  cuesOf(segments).map(({ text }) => text);

const DICKENS =
  ' It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of ' +
  'foolishness, it was the epoch of belief, it was the epoch of incredulity.';

describe('subtitles', () => {
  test('of a long sentence break at its commas, in lines of like length', () => {
    expect(textsOf(spoken([DICKENS], 20))).toEqual([
      'It was the best of times,\nit was the worst of times,',
      'it was the age of wisdom,\nit was the age of foolishness,',
      'it was the epoch of belief,\nit was the epoch of incredulity.',
    ]);
  });

  test('know which full stops end a sentence', () => {
    const texts = textsOf(
      spoken([" Dr. Smith lives in St. Mary's Road. It is 3.14 miles away."], 14),
    );
    expect(texts).toEqual(["Dr. Smith lives in St. Mary's Road.\nIt is 3.14 miles away."]);
  });

  test('of Chinese have at most sixteen characters a line, and no punctuation begins one', () => {
    const text = '公园里有很多花，还有一个很大的湖，湖边有许多老人在打太极拳。今天天气很好。';
    const cues = textsOf(spoken([text], 4.5));
    expect(cues.join('').replaceAll('\n', '')).toBe(text);
    for (const line of cues.flatMap((cue) => cue.split('\n'))) {
      expect([...line].length).toBeLessThanOrEqual(16);
      expect(line).not.toMatch(/^[，。]/);
    }
  });

  test('of Japanese and Thai break between words, though no space tells them', () => {
    const japanese = '私たちは昨日、東京タワーに行きました。';
    expect(textsOf(spoken([japanese], 5))).toEqual(['私たちは昨日、\n東京タワーに行きました。']);
    const thai = 'ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอนหรือวรรณยุกต์เช่นเดียวกับภาษาจีน';
    const [cue = ''] = textsOf(spoken([thai], 12));
    expect(cue).toContain('\n');
    expect(cue.replace('\n', '')).toBe(thai);
  });

  test('cut what is wider than a line, and lose nothing of it', () => {
    const address = `https://example.org/${'a/very/long/way/'.repeat(5)}`;
    const cues = textsOf(spoken([` See ${address} now.`], 15));
    expect(cues.join('').replace(/\s/g, '')).toBe(`See${address}now.`);
    for (const line of cues.join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(42);
  });

  test('keep French marks with the word before them', () => {
    const text =
      ' Mais pourquoi donc aurait-il fait une chose pareille ? Je ne le sais pas vraiment !';
    for (const line of textsOf(spoken([text], 15))
      .join('\n')
      .split('\n')) {
      expect(line).not.toMatch(/^[?!]/);
    }
  });

  test('keep an ampersand among its words', () => {
    expect(textsOf(spoken([' Fish & chips', ' <now>.'], 20))).toEqual(['Fish & chips <now>.']);
  });

  test('begin with their first word, and end before the next begins', () => {
    const cues = cuesOf([
      withWords(1, [' The', 0.2], [' first', 0.5], [' sentence', 0.6], [' ends.', 0.7]),
      withWords(3.2, [' The', 0.2], [' second', 0.5], [' goes', 0.6], [' on.', 0.7]),
    ]);
    expect(cues).toEqual([
      { start: 1, end: 3.116, text: 'The first sentence ends.' },
      { start: 3.2, end: 5.2, text: 'The second goes on.' },
    ]);
  });

  test('stay until they are read, but not over a pause, and not beyond the audio', () => {
    const short = withWords(2, [' Yes.', 0.3]);
    expect(cuesOf([short, withWords(9, [' No.', 0.3])], 9.5)).toEqual([
      { start: 2, end: 3, text: 'Yes.' },
      { start: 9, end: 9.5, text: 'No.' },
    ]);
    const fast = withWords(0, [' Extraordinarily', 0.4], [' incomprehensible.', 0.4]);
    expect(cuesOf([fast])[0]?.end).toBeCloseTo(33 / 17, 2);
  });

  test('never stay for more than seven seconds', () => {
    const [cue] = cuesOf([withWords(0, [' Long.', 12])]);
    expect(cue).toEqual({ start: 0, end: 7, text: 'Long.' });
  });

  test('use times of words where there are some, and even times elsewhere', () => {
    const timed = withWords(0, [' Wait', 0.5], [' here.', 3.5]);
    const even: SpokenText = { text: ' And then come home.', start: 6, end: 8 };
    expect(cuesOf([timed, even])).toEqual([
      { start: 0, end: 4, text: 'Wait here.' },
      { start: 6, end: 8, text: 'And then come home.' },
    ]);
  });

  test('of nothing are none', () => {
    expect(cuesOf([])).toEqual([]);
    expect(cuesOf([{ text: ' \n ', start: 0, end: 1 }])).toEqual([]);
  });
});

const word = fc
  .tuple(
    fc.constantFrom(' ', ' ', ' ', ''),
    fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcdeßéжш'), minLength: 1, maxLength: 14 }),
      fc.string({ unit: fc.constantFrom(...'今天气公園きーょ한글ไท'), minLength: 1, maxLength: 5 }),
      fc.constantFrom('3.14', 'Dr.', '&', '—', '…', '(so)', '"', '👩‍👩‍👧', 'e\u0301'),
    ),
    fc.constantFrom('', '', '', ',', '.', '?', '。', '，'),
  )
  .map((parts) => parts.join(''));
const timedWord = fc.record({
  text: word,
  seconds: fc.integer({ min: 120, max: 900 }).map((ms) => ms / 1000),
  pause: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ max: 3000, min: 0 })),
});

/** Segments as an engine would tell them, with words or without. */
const transcript = fc
  .array(
    fc.record({ words: fc.array(timedWord, { minLength: 1, maxLength: 40 }), has: fc.boolean() }),
  )
  .map((segments) => {
    let at = 0;
    return segments.map(({ words, has }): SpokenText => {
      const start = at;
      const timed = words.map(({ text, seconds, pause }) => {
        const begin = at;
        at += seconds + pause / 1000;
        return { word: text, start: begin, end: begin + seconds, probability: 1 };
      });
      const text = words.map((one) => one.text).join('');
      return { text, start, end: timed.at(-1)?.end ?? at, ...(has && { words: timed }) };
    });
  });

const bare = (text: string): string => text.replace(/\s/gu, '');

describe('whatever is said', () => {
  const forAll = (check: (cues: readonly Cue[], segments: readonly SpokenText[]) => void): void =>
    fc.assert(
      fc.property(transcript, (segments) => check(cuesOf(segments, 10_000), segments)),
      { numRuns: 150 },
    );

  test('no word is lost or out of order', () => {
    forAll((cues, segments) => {
      const told = cues.map(({ text }) => text).join('');
      expect(bare(told)).toBe(bare(segments.map(({ text }) => text).join('')));
    });
  });

  test('a cue has one or two lines that fit', () => {
    forAll((cues) => {
      for (const { text } of cues) {
        const lines = text.split('\n');
        expect(lines.length).toBeLessThanOrEqual(2);
        for (const line of lines) {
          expect(columnsOf(line)).toBeLessThanOrEqual(42);
          expect(line).not.toMatch(/^$|^\s|\s$/);
        }
      }
    });
  });

  test('a cue is seen from 0.1 to 7 seconds, with a gap before the next', () => {
    forAll((cues) => {
      let free = 0;
      for (const { start, end } of cues) {
        expect(start).toBeGreaterThanOrEqual(free);
        expect(end - start).toBeGreaterThan(0.099);
        expect(end - start).toBeLessThan(7.001);
        free = end + 0.083;
      }
    });
  });

  test('a cue stays for a second unless the next one follows', () => {
    forAll((cues) => {
      for (const [index, { start, end }] of cues.entries()) {
        const next = cues[index + 1]?.start ?? Infinity;
        expect(end).toBeGreaterThanOrEqual(Math.min(start + 0.999, next - 0.085));
      }
    });
  });
});

test('words whose times are nonsense keep their order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat(9))), (times) => {
      const words = times.map(([start, end], index) => ({
        ...{ word: ` word${index}`, start, end, probability: 0 },
      }));
      const cues = cuesOf([
        { text: words.map((one) => one.word).join(''), start: 0, end: 9, words },
      ]);
      const texts = cues.map(({ text }) => text.replaceAll('\n', ' '));
      expect(texts.join(' ')).toBe(words.map((one) => one.word.trim()).join(' '));
      for (const [index, cue] of cues.entries()) {
        expect(cue.start).toBeGreaterThanOrEqual(cues[index - 1]?.end ?? 0);
        expect(cue.end).toBeGreaterThan(cue.start);
      }
    }),
  );
});
