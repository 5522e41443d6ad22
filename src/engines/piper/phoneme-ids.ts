import type { PhonemeClause } from '../../speech/phonemizer.js';

const PAD = '_';
const BOS = '^';
const EOS = '$';
/** Marks within a sentence are followed by a space, as the voices were trained. */
const INNER_MARKS = new Set([',', ':', ';']);

/** Phoneme → ids of a voice, as in its `.onnx.json`. */
export type PhonemeIdMap = Readonly<Record<string, readonly number[]>>;

/**
 * Phonemes of a sentence as Piper's voices were trained: decomposed IPA, in which each code point is
 * a phoneme, with the marks that close its clauses.
 */
export function piperPhonemes(clauses: readonly PhonemeClause[]): string {
  return clauses
    .map(({ phonemes, terminator }) => phonemes + terminator + spaceAfter(terminator))
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

function spaceAfter(terminator: string): string {
  return INNER_MARKS.has(terminator) ? ' ' : '';
}
