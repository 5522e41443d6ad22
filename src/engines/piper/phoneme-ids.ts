import type { PhonemeClause } from '../../speech/phonemizer.js';

const PAD = '_';
const BOS = '^';
const EOS = '$';
/** Marks within a sentence have a space after them, even where the text ends with one. */
const INNER_MARKS = new Set([',', ':', ';']);

/** Phoneme → ids of a voice, as in its `.onnx.json`. */
export type PhonemeIdMap = Readonly<Record<string, readonly number[]>>;

/**
 * Phonemes of a sentence as Piper's voices were trained: decomposed IPA, in which each code point is
 * a phoneme, with the marks that close its clauses. Unlike the reference, which speaks "Dr." as a
 * sentence of its own and "Wait... what" as one word, words stay apart and within one sentence.
 */
export function piperPhonemes(clauses: readonly PhonemeClause[]): string {
  return clauses
    .map(({ phonemes, terminator }, index) =>
      index === clauses.length - 1
        ? phonemes + closing(terminator)
        : `${phonemes}${terminator === '.' ? '' : terminator} `,
    )
    .join('')
    .normalize('NFD');
}

/**
 * Ids of phonemes: begin, then every phoneme with a pad after it, then end. What a voice has not is
 * left out. Reference: `phonemes_to_ids` of piper1-gpl.
 */
export function phonemeIds(phonemes: string, map: PhonemeIdMap): number[] {
  const pad = map[PAD] ?? [];
  const ids = [...(map[BOS] ?? []), ...pad];
  for (const phoneme of phonemes) {
    const own = map[phoneme];
    if (own) ids.push(...own, ...pad);
  }
  ids.push(...(map[EOS] ?? []));
  return ids;
}

/** Whether there is any sound in the phonemes that the voice can make. */
export function isSpeakable(phonemes: string, map: PhonemeIdMap): boolean {
  return [...phonemes].some((phoneme) => /\p{L}/u.test(phoneme) && map[phoneme] !== undefined);
}

function closing(terminator: string): string {
  return INNER_MARKS.has(terminator) ? `${terminator} ` : terminator;
}
