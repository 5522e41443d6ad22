import { VOCABULARY } from './vocabulary.js';

type Rule = readonly [found: RegExp, written: string];

/**
 * What espeak writes in two letters or more and Kokoro has one symbol for. The same in all
 * languages. Reference: `EspeakG2P` of misaki, with which Kokoro's training texts were read.
 */
const SHARED: readonly Rule[] = [
  [/tʃ/g, 'ʧ'],
  [/dʒ/g, 'ʤ'],
  [/eɪ/g, 'A'],
  [/aɪ/g, 'I'],
  [/aʊ/g, 'W'],
  [/ɔɪ/g, 'Y'],
];

const OTHERS: readonly Rule[] = [
  [/oʊ/g, 'O'],
  [/əʊ/g, 'Q'],
  [/dz/g, 'ʣ'],
  [/ts/g, 'ʦ'],
];

/** English has fewer symbols in training than espeak knows. Reference: `EspeakFallback` of misaki. */
const ENGLISH: readonly Rule[] = [
  [/ʔˌ?n\u0329/gu, 'tn'],
  [/(\S)\u0329/gu, 'ᵊ$1'],
  // A syllable of its own, as in `bottle`, and not the beginning of one, as in `hello`.
  [/əl(?![ˈˌaeiouæɑɐɒɔəɚɛɜɪʊʌ])/gu, 'ᵊl'],
  [/ʲ(?=[oə])/gu, 'j'],
  [/[\u0303ʲ]/gu, ''],
  // Before a vowel espeak writes the r that links the words once more.
  [/ɚɹ?/gu, 'əɹ'],
  [/r/gu, 'ɹ'],
  [/[xç]/gu, 'k'],
  [/ɐ/gu, 'ə'],
  [/ɬ/gu, 'l'],
  [/ɾ/gu, 'T'],
  [/ʔ/gu, 't'],
];

const AMERICAN: readonly Rule[] = [
  [/oʊ/g, 'O'],
  [/ɜːɹ?/gu, 'ɜɹ'],
  [/ɪə/gu, 'iə'],
  [/ː/gu, ''],
];

const BRITISH: readonly Rule[] = [
  [/eə/gu, 'ɛː'],
  [/iə/gu, 'ɪə'],
  [/əʊ/gu, 'Q'],
];

/** Vowels that English has only in the diphthongs above, or that espeak writes so for others. */
const LONE_VOWELS: readonly Rule[] = [
  [/e/g, 'A'],
  [/o/g, 'ɔ'],
];

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  'en-us': [...SHARED, ...ENGLISH, ...AMERICAN, ...LONE_VOWELS],
  'en-gb': [...SHARED, ...ENGLISH, ...BRITISH, ...LONE_VOWELS],
};

/**
 * Writes espeak's IPA in the symbols that Kokoro was trained with; what it has no symbol for is left
 * out, `-` between bound words among it.
 * @param espeakVoice Whose phonemes they are, for example `en-us`.
 */
export function kokoroSymbols(ipa: string, espeakVoice: string): string {
  // The vocabulary has the tilde as a sign of its own, and ç as a letter.
  const letters = ipa.normalize('NFD').replace(/c\u0327/gu, 'ç');
  const rules = RULES[espeakVoice] ?? [...SHARED, ...OTHERS];
  const written = rules.reduce((text, [found, symbol]) => text.replace(found, symbol), letters);
  return knownSymbols(written);
}

/** What the vocabulary has of a text. */
export function knownSymbols(text: string): string {
  return [...text].filter((symbol) => VOCABULARY.has(symbol)).join('');
}

/** The token of a symbol of the vocabulary. */
export function tokenOf(symbol: string): number {
  return VOCABULARY.get(symbol) ?? 0;
}
