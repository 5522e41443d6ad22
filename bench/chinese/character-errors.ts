import { readCharacters } from '../../src/speech/chinese/pinyin.js';
import { chinese } from '../../src/speech/chinese/front-end.js';
import { applyEdits } from '../../src/speech/edits.js';
import { editDistance } from '../support/edit-distance.js';
import { SIMPLIFIED, TRADITIONAL } from './sentences.js';

/** How many of a reference's characters a transcript has wrong, too few or too many. */
export interface ErrorCount {
  readonly errors: number;
  readonly of: number;
}

const COUNTERPARTS = new Map(
  Array.from(TRADITIONAL, (character, at) => [character, SIMPLIFIED.charAt(at)] as const),
);

/**
 * Reduces a text to what is heard, a character an item: traditional characters as simplified ones,
 * numbers written out (6点 → 六点), no punctuation, no spaces, small letters.
 */
export function heardCharacters(text: string): readonly string[] {
  const simplified = Array.from(text, (one) => COUNTERPARTS.get(one) ?? one).join('');
  const said = applyEdits(simplified, chinese.edits(simplified));
  return Array.from(said.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ''));
}

/** Counts wrong characters. */
export function characterErrors(reference: string, transcript: string): ErrorCount {
  const said = heardCharacters(reference);
  return { errors: editDistance(said, heardCharacters(transcript)), of: said.length };
}

/** Counts wrong syllables, tones included: a homophone is no error here. */
export function syllableErrors(reference: string, transcript: string): ErrorCount {
  const said = syllables(reference);
  return { errors: editDistance(said, syllables(transcript)), of: said.length };
}

function syllables(text: string): readonly string[] {
  return readCharacters(heardCharacters(text).join(''));
}

/** The rate over several texts: all errors by all characters. */
export function errorRate(counts: readonly ErrorCount[]): number {
  const total = (figure: (count: ErrorCount) => number): number =>
    counts.reduce((all, count) => all + figure(count), 0);
  return total(({ errors }) => errors) / total((count) => count.of);
}
