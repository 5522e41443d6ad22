import type { SpokenPiece, TextSpan } from '../speech/script.js';
import { phonemizeRun, type SpokenClause } from '../speech/word-phonemes.js';
import type { EngineResources } from './engine.js';

/** A piece as phonemes. */
export interface PiecePhonemes {
  /** Stretches name words by their index in `sources`. */
  readonly clauses: readonly SpokenClause[];
  /** Of each word of the piece its place in the request's text. */
  readonly sources: readonly TextSpan[];
}

/**
 * Phonemes of all runs of a piece.
 * @param espeakVoice For all languages in it: the voice speaks one.
 */
export async function phonemizePiece(
  { runs }: SpokenPiece,
  espeakVoice: string,
  { phonemizer }: EngineResources,
): Promise<PiecePhonemes> {
  const clauses: SpokenClause[] = [];
  const sources: TextSpan[] = [];
  for (const run of runs) {
    const first = sources.length;
    if (run.kind === 'phonemes') {
      const stretches = [{ phonemes: run.ipa, word: first }];
      clauses.push({ stretches, terminator: '', endsSentence: false });
      sources.push(run.source);
    } else {
      const own = await phonemizeRun(run, phonemizer, espeakVoice);
      clauses.push(...own.map((clause) => numberedFrom(clause, first)));
      sources.push(...run.words.map(({ source }) => source));
    }
  }
  return { clauses, sources };
}

/** A run counts its own words; a piece has those of several runs. */
function numberedFrom(clause: SpokenClause, first: number): SpokenClause {
  const stretches = clause.stretches.map(({ phonemes, word }) =>
    word === undefined ? { phonemes } : { phonemes, word: first + word },
  );
  return { ...clause, stretches };
}
