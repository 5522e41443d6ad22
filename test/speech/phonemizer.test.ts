import createModule from '@echogarden/espeak-ng-emscripten';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Espeak } from '../../src/speech/espeak.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';

let phonemizer: Phonemizer;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
});
afterAll(() => phonemizer.close());

/** Phonemes and marks of a text in one line. */
async function spoken(text: string, voice = 'en-us'): Promise<string> {
  const clauses = await phonemizer.phonemize(text, voice);
  return clauses.map((clause) => clause.phonemes + clause.terminator).join(' ');
}

describe('phonemizer thread', () => {
  it('gives each clause the mark that closed it', async () => {
    const clauses = await phonemizer.phonemize('Well, now; go: stop! Why? Because', 'en-us');
    expect(clauses.map((clause) => clause.terminator)).toEqual([',', ';', ':', '!', '?', '']);
    expect(clauses.map((clause) => clause.endsSentence)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('takes marks inside numbers and abbreviations for no clause end', async () => {
    const clauses = await phonemizer.phonemize('It is 3.14, e.g. with 1,250.5 in all.', 'en-us');
    expect(clauses.map((clause) => clause.terminator)).toEqual([',', '.']);
  });

  it.each([
    ['He said "no", of course.', [',', '.']],
    ['One (of two), “three”; four', [',', ';', '']],
    ['"Stop!" he said. (No.) "Why?"', ['!', '.', '.', '?']],
    ['The first... the last… gone.', ['', '', '.']],
    ['Hill, e.g. at 5 p.m. of course; never at 3.14, or 1,000.', [',', ';', ',', '.']],
    ['One\n\ntwo – three, — four', ['', ';', ',', '']],
  ])('finds the marks of %s', async (text, marks) => {
    const clauses = await phonemizer.phonemize(text, 'en-us');
    expect(clauses.map((clause) => clause.terminator)).toEqual(marks);
  });

  it('speaks each voice in its own language, whatever voice came before', async () => {
    const american = await spoken('car');
    const british = await spoken('car', 'en-gb');
    expect(american).toBe('kˈɑːɹ');
    expect(british).toBe('kˈɑː');
    expect(await spoken('douze', 'fr-fr')).toBe('dˈuz');
    expect(await spoken('car', 'en-gb')).toBe(british);
    expect(await spoken('car')).toBe(american);
  });

  it.each(['fr-fr', 'hi'])(
    'reads English words in %s alike, whatever came before',
    async (voice) => {
      const said = new Set<string>();
      for (const before of ["it wind the I'm read", "I'm going to live", 'he will', 'naïve tear']) {
        await spoken(before, 'fr-fr');
        said.add(await spoken('live', voice));
      }
      expect(said.size).toBe(1);
    },
  );

  it('refuses a voice that espeak has not, and goes on', async () => {
    await expect(phonemizer.phonemize('Hello', 'xx-none')).rejects.toMatchObject({
      code: 'internal',
    });
    expect(await spoken('Hello')).toBe('həlˈoʊ');
  });

  it.each([
    ['nothing', ''],
    ['spaces', ' \n\t '],
    ['punctuation', '?!... — ;;; "" ()'],
    ['control characters', '\u0001\u0002\u001b\u007f'],
  ])('finds nothing to say in %s', async (_name, text) => {
    expect((await spoken(text)).replace(/[^\p{L}]/gu, '')).toBe('');
  });

  it.each([
    ['one letter 4,096 times', 'a'.repeat(4096)],
    ['a digit 4,096 times', '9'.repeat(4096)],
    ['a comma after every letter', 'a,'.repeat(2048)],
    ['a full stop after every letter', 'a.'.repeat(2048)],
    ['quotes without end', '"('.repeat(2048)],
    ['lone surrogates', 'a\uD800b \uDC00 c'],
    ['a NUL', 'one\u0000two'],
    ['right-to-left script', 'שלום עולם. مرحبا بالعالم.'],
    ['Chinese', '你好，世界。今天天气很好！'],
    ['markup', '<speak><break time="3s"/>&amp; [[h@l@U]]</speak>'],
    ['emoji', '👩‍👩‍👧‍👦 family 🇫🇷 flag'],
    ['combining marks', 'e' + '\u0301'.repeat(500)],
  ])('survives %s', async (_name, text) => {
    await phonemizer.phonemize(text, 'en-us');
    expect(await spoken('Hello, you.')).toBe('həlˈoʊ, juː.');
  });

  it.each([
    ['a command to espeak: spell', '\u000120Y a \u00011Y'],
    ['a command to espeak: emphasis', '\u000117F \u00012G'],
    ['half a sentence', 'He will'],
    ['another voice', 'voilà'],
  ])('says the same after %s', async (_name, text) => {
    const asked = ['It is 123 of the record.', 'use', 'to read (one)', 'I.V.'];
    const spokenBefore = await Promise.all(asked.map((one) => spoken(one)));
    for (const [index, one] of asked.entries()) {
      await spoken(text, text === 'voilà' ? 'fr-fr' : 'en-us');
      expect(await spoken(one)).toBe(spokenBefore[index]);
    }
  });

  it('answers questions that overlap, each with its own', async () => {
    const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
    const together = await Promise.all(words.map((word) => spoken(word)));
    for (const [index, word] of words.entries()) expect(together[index]).toBe(await spoken(word));
  });
});

it('rejects what is asked when it closes, and afterwards', async () => {
  const own = await createPhonemizer();
  const asked = own.phonemize('Hello', 'en-us').catch((error: unknown) => error);
  await own.close();
  // Either it was answered before the end, or it was refused; it never hangs.
  expect(await asked).toBeDefined();
  await expect(own.phonemize('Hello', 'en-us')).rejects.toMatchObject({ code: 'unavailable' });
});

it('keeps nothing of what espeak has answered', async () => {
  const module = await createModule();
  const espeak = new Espeak(module);
  const text = 'A sentence, and another one that is somewhat longer.';
  espeak.clauses(text, 'en-us');
  const { _free: free } = module;
  const handle = new module.eSpeakNGWorker();
  const placeOfAnswer = (): number => {
    const { ptr } = handle.convert_to_phonemes(text, true);
    free(ptr);
    return ptr;
  };
  const before = placeOfAnswer();
  for (let time = 0; time < 20; time += 1) espeak.clauses(text, 'en-us');
  expect(placeOfAnswer()).toBe(before);
});
