import type { FlowPiece, FlowSpan } from '../../../flow-marks.js';

/** A subtitle as NLS clients know it: times in whole milliseconds of the audio. */
export interface Subtitle {
  readonly text: string;
  readonly begin_time: number;
  readonly end_time: number;
  /** Characters of the whole text, as users count them. */
  readonly begin_index: number;
  readonly end_index: number;
  /** Whether it is a whole sentence, or a part of one where the engine knows no words. */
  readonly sentence: boolean;
  readonly phoneme_list: readonly [];
}

/** The words of a piece, or the piece itself where the engine knows none. */
export function subtitlesOf(piece: FlowPiece): Subtitle[] {
  if (piece.words.length === 0) return [subtitle(piece, true)];
  return piece.words.map((word) => subtitle(word, false));
}

/** A whole sentence and its words. */
export function sentenceSubtitles(pieces: readonly FlowPiece[]): Subtitle[] {
  const [first] = pieces;
  const last = pieces.at(-1);
  if (!first || !last) return [];
  const text = pieces.map((piece) => piece.text).join(joiner(pieces));
  const { end, endIndex } = last;
  const words = pieces.flatMap((piece) => piece.words.map((word) => subtitle(word, false)));
  return [subtitle({ ...first, text, end, endIndex }, true), ...words];
}

/** Pieces that do not touch had white space between them. */
function joiner(pieces: readonly FlowPiece[]): string {
  const touch = pieces.every(({ beginIndex }, at) => {
    const before = pieces[at - 1];
    return before === undefined || before.endIndex === beginIndex;
  });
  return touch ? '' : ' ';
}

function subtitle({ text, start, end, beginIndex, endIndex }: FlowSpan, sentence: boolean) {
  return {
    text,
    begin_time: Math.round(start * 1000),
    end_time: Math.round(end * 1000),
    begin_index: beginIndex,
    end_index: endIndex,
    sentence,
    phoneme_list: [] as const,
  };
}
