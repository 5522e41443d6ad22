import type { PhonemeClause } from '../../speech/phonemizer.js';

const PAD = '_';
const BOS = '^';
const EOS = '$';
/** Marks within a sentence are followed by a space, as the voices were trained. */
const INNER_MARKS = new Set([',', ':', ';']);

/** Phoneme → ids of a voice, as in its `.onnx.json`. */
export type PhonemeIdMap = Readonly<Record<string, readonly number[]>>;

/**
 * Ids of a sentence as Piper's voices were trained: begin, then every phoneme with a pad after it,
 * then end. Each code point of the decomposed IPA is a phoneme; what a voice has not is left out.
 * Reference: `phonemes_to_ids` of piper1-gpl.
 */
export function phonemeIds(clauses: readonly PhonemeClause[], map: PhonemeIdMap): number[] {
  const pad = map[PAD] ?? [];
  const ids = [...(map[BOS] ?? []), ...pad];
  for (const phoneme of phonemes(clauses)) {
    const own = map[phoneme];
    if (own) ids.push(...own, ...pad);
  }
  ids.push(...(map[EOS] ?? []));
  return ids;
}

/** Whether there is any sound in the clauses that the voice can make. */
export function isSpeakable(clauses: readonly PhonemeClause[], map: PhonemeIdMap): boolean {
  return clauses.some((clause) =>
    [...clause.phonemes.normalize('NFD')].some((phoneme) => /\p{L}/u.test(phoneme) && map[phoneme]),
  );
}

function phonemes(clauses: readonly PhonemeClause[]): string[] {
  const text = clauses
    .map(({ phonemes: ipa, terminator }) => ipa + terminator + spaceAfter(terminator))
    .join('');
  return [...text.normalize('NFD')];
}

function spaceAfter(terminator: string): string {
  return INNER_MARKS.has(terminator) ? ' ' : '';
}
