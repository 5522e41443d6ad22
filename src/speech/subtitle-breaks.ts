import { belongsToWord } from './sentence-abbreviations.js';
import type { Atom } from './subtitle-atoms.js';

/** What ends with an atom: a cue or a line may well end there, or rather not. */
export type Break = 'sentence' | 'clause' | 'none';

const SENTENCE_END = /[.!?…。！？｡؟।]["'”’»)\]」』）]*$/u;
const FULL_STOP = /[.…]$/u;
const CLAUSE_END = /[,;:–—，、；：،؛]["'”’»)\]」』）]*$/u;
const SMALL_LETTER = /^["'“‘«(]*\p{Ll}/u;

/** Says what ends between two atoms; the end of a text is the end of a sentence. */
export function breakAfter({ text }: Atom, next: Atom | undefined): Break {
  if (next === undefined) return 'sentence';
  if (CLAUSE_END.test(text)) return 'clause';
  if (!SENTENCE_END.test(text)) return 'none';
  if (!FULL_STOP.test(text)) return 'sentence';
  const stop = { word: text.slice(0, -1), next: next.text, beginsLine: false, usesCapitals: true };
  if (belongsToWord(stop)) return 'none';
  return SMALL_LETTER.test(next.text) ? 'clause' : 'sentence';
}
