import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import type { TextRun } from '../../src/speech/script.js';
import { phonemizeRun, type SpokenClause } from '../../src/speech/word-phonemes.js';
import { WORD_PHONEMES } from './word-phonemes.golden.js';

let phonemizer: Phonemizer;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
});
afterAll(() => phonemizer.close());

/** A run whose words are what stands between white space, or at these places. */
function runOf(text: string, places?: readonly (readonly [number, number])[]): TextRun {
  const found = Array.from(text.matchAll(/\S+/gu), ({ index, 0: word }) => [
    index,
    index + word.length,
  ]);
  const words = (places ?? found).map(([from = 0, to = 0]) => ({
    from,
    to,
    source: { start: from, end: to },
  }));
  return { kind: 'text', language: 'en', text, words };
}

/** Each word with what says it: `the=ðə end=ˈɛnd`, clauses apart by `|`. */
function readable(run: TextRun, clauses: readonly SpokenClause[]): string {
  const spoken = clauses.map(({ stretches }) =>
    stretches
      .filter((stretch) => stretch.word !== undefined)
      .map(({ word = 0, phonemes }) => {
        const { from = 0, to = 0 } = run.words[word] ?? {};
        return `${run.text.slice(from, to)}=${phonemes}`;
      })
      .join(' '),
  );
  return spoken.join(' | ');
}

function wordsSaid(clauses: readonly SpokenClause[]): (number | undefined)[] {
  return clauses.flatMap(({ stretches }) => stretches.map((stretch) => stretch.word));
}

describe('phonemes of words', () => {
  it.each(WORD_PHONEMES)('%s: %s', async (voice: string, text: string, expected: string) => {
    const run = runOf(text);
    expect(readable(run, await phonemizeRun(run, phonemizer, voice))).toBe(expected);
  });

  it('are all of an edit that is several words, over the end of a clause too', async () => {
    const text = 'It is five dollars of the ten thousand, three hundred.';
    const run = runOf(text, [
      [0, 2],
      [3, 5],
      [6, 18],
      [19, 21],
      [22, 25],
      [26, 53],
    ]);
    const clauses = await phonemizeRun(run, phonemizer, 'en-us');
    expect(readable(run, clauses)).toBe(
      'It=ɪɾ is=ɪz five dollars=fˈaɪv dˈɑːlɚz of=ʌv the=ðə ' +
        'ten thousand, three hundred=tˈɛn θˈaʊzənd | ten thousand, three hundred=θɹˈiː hˈʌndɹɪd',
    );
    expect(clauses.map((clause) => clause.terminator)).toEqual([',', '.']);
  });

  it('are none where nothing is said, and the word keeps its place', async () => {
    const run = runOf('One - two ~ three . . .');
    const clauses = await phonemizeRun(run, phonemizer, 'en-us');
    expect(wordsSaid(clauses).filter((word) => word !== undefined)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    const stretches = clauses.flatMap((clause) => clause.stretches);
    expect(stretches.find((stretch) => stretch.word === 1)?.phonemes).toBe('');
    expect(stretches.find((stretch) => stretch.word === 2)?.phonemes).toBe('tˈuː');
  });

  it('are found where espeak cuts a clause that is too long for it', async () => {
    const run = runOf('some trees of the forest and '.repeat(120));
    const clauses = await phonemizeRun(run, phonemizer, 'en-us');
    expect(clauses.length).toBeGreaterThan(3);
    const silent = clauses.flatMap(({ stretches }) =>
      stretches.filter(({ word, phonemes }) => word !== undefined && phonemes === ''),
    );
    expect(silent).toEqual([]);
  });

  it('do not hang on a clause that is too long to compare', async () => {
    const run = runOf('1234567890123 of the '.repeat(30));
    const clauses = await phonemizeRun(run, phonemizer, 'en-us');
    expect(new Set(wordsSaid(clauses)).size).toBe(run.words.length + 1);
  });

  it('are none in a run without words', async () => {
    expect(await phonemizeRun(runOf(''), phonemizer, 'en-us')).toEqual([]);
    const marks = await phonemizeRun(runOf('Yes.', []), phonemizer, 'en-us');
    expect(marks.map((clause) => clause.stretches)).toEqual([[{ phonemes: 'jˈɛs' }]]);
  });
});

const PIECES = [
  ...['of', 'the', 'in', 'it', 'is', 'a', 'NASA', 'e.g.', 'U.S.', "don't", 'I’ve', 'well-known'],
  ...[
    '3',
    '42nd',
    '$5',
    '50%',
    '&',
    '—',
    '-',
    '...',
    '"so',
    'said"',
    '(or',
    'not),',
    'Mr.',
    'Hill',
  ],
  ...[
    'yes,',
    'no;',
    'stop!',
    'why?',
    'end.',
    'naïve',
    '你好',
    'привет',
    '\u0001',
    '\uD800',
    '\n\n',
  ],
];

it('phonemes of any words are the plain ones, divided in order', async () => {
  const someWords = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(
      someWords,
      fc.constantFrom('en-us', 'en-gb', 'fr-fr'),
      async (words, voice) => {
        const run = runOf(words.join(' '));
        const clauses = await phonemizeRun(run, phonemizer, voice);
        const plain = await phonemizer.phonemize(run.text, voice);
        const joined = clauses.map(({ stretches, ...marks }) => ({
          phonemes: stretches.map((stretch) => stretch.phonemes).join(''),
          ...marks,
        }));
        expect(joined).toEqual(plain);
        const said = wordsSaid(clauses).filter((word) => word !== undefined);
        expect(said).toEqual(said.toSorted((a, b) => a - b));
        if (plain.length > 0) expect(new Set(said).size).toBe(run.words.length);
      },
    ),
    { numRuns: 150 },
  );
});
