import type { Phonemizer, PhonemeStretch } from './phonemizer.js';
import type { TextRun } from './script.js';

/** A clause of a run, divided among the run's words. */
export interface SpokenClause {
  /** Joined they are the clause's phonemes, white space included. */
  readonly stretches: readonly PhonemeStretch[];
  /** What ended the clause in the text: one of `. , : ; ! ?`, or empty. */
  readonly terminator: string;
  readonly endsSentence: boolean;
}

/**
 * Phonemes of a run, and which of its words they say.
 *
 * - Each word that a clause has has a stretch in it, in order; it is empty if nothing says the word
 *   alone. A word that goes on over a clause's end has a stretch in both clauses.
 * - Words in which espeak finds nothing to say belong to the clause before or after them. A run in
 *   which it finds nothing at all has no clause.
 * - White space between two words is a stretch of its own, without a word; white space inside what
 *   one word says ("five dollars" for `$5`) is the word's.
 * @param espeakVoice espeak voice, for example `en-us`.
 * @throws ChorusError `internal` if espeak has not the voice, `unavailable` if it has stopped.
 */
export async function phonemizeRun(
  run: TextRun,
  phonemizer: Phonemizer,
  espeakVoice: string,
): Promise<SpokenClause[]> {
  const clauses = await phonemizer.phonemize(run.text, espeakVoice, run.words);
  return clauses.map(({ phonemes, stretches, terminator, endsSentence }) => ({
    stretches: stretches ?? [{ phonemes }],
    terminator,
    endsSentence,
  }));
}
