import type { FlowPart } from './flowing-text.js';
import { type AskedText, sliceWhole, type TimedPiece, type TimedText } from './speech-marks.js';
import { codePoints } from './validate.js';

/** A stretch of a flow's text and when it is heard, in seconds from the beginning of all audio. */
export interface FlowSpan {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Characters of the whole text before it, and up to its end. */
  readonly beginIndex: number;
  readonly endIndex: number;
}

/** A sentence of a flow, or a part of one. */
export interface FlowPiece extends FlowSpan {
  /** Empty where the engine has no alignment. */
  readonly words: readonly FlowSpan[];
}

/** What becomes of a sentence; `index` counts the sentences of a flow from 1. */
export type FlowEvent =
  | { readonly type: 'sentence_begin'; readonly index: number; readonly atSeconds: number }
  | {
      readonly type: 'piece';
      readonly index: number;
      readonly atSeconds: number;
      readonly piece: FlowPiece;
    }
  | {
      readonly type: 'sentence_end';
      readonly index: number;
      readonly atSeconds: number;
      readonly pieces: readonly FlowPiece[];
    };

/** The text of a request of the flow. */
type AskedPart = FlowPart & Pick<AskedText, 'markup'>;

/** Turns the marks of a flow's parts into its sentences, and their times into those of the flow. */
export class FlowMarks {
  readonly #tell: (event: FlowEvent) => void;
  /** Audio of the parts before. */
  #seconds = 0;
  /** Sentences before those of the part. */
  #sentences = 0;
  #open: { readonly index: number; readonly pieces: FlowPiece[] } | undefined;

  /** @param tell Told of all that happens, in order. */
  constructor(tell: (event: FlowEvent) => void) {
    this.#tell = tell;
  }

  /** A piece of a part has begun. */
  begun(timed: TimedPiece, part: AskedPart): void {
    const index = this.#sentences + timed.sentence + 1;
    if (this.#open !== undefined && this.#open.index !== index) this.#end();
    const piece = flowPiece(timed, part, this.#seconds);
    const atSeconds = piece.start;
    if (this.#open === undefined) this.#tell({ type: 'sentence_begin', index, atSeconds });
    this.#open ??= { index, pieces: [] };
    this.#open.pieces.push(piece);
    this.#tell({ type: 'piece', index, atSeconds, piece });
  }

  /** All of a part was said, in so many seconds. */
  ended({ endsSentence }: FlowPart, seconds: number): void {
    this.#seconds += seconds;
    this.#sentences = this.#open?.index ?? this.#sentences;
    if (endsSentence) this.#end();
    else if (this.#open) this.#sentences -= 1;
  }

  #end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    const { index, pieces } = open;
    const atSeconds = pieces.at(-1)?.end ?? this.#seconds;
    this.#tell({ type: 'sentence_end', index, atSeconds, pieces });
  }
}

function flowPiece(timed: TimedPiece, part: AskedPart, after: number): FlowPiece {
  const place = { part, after, indexAt: indexOf(part) };
  return { ...span(timed, place), words: timed.words.map((word) => span(word, place)) };
}

interface Place {
  readonly part: AskedPart;
  readonly after: number;
  /** Index in the whole text of a place in the part's. */
  readonly indexAt: (at: number) => number;
}

function span({ start, end, textStart, textEnd }: TimedText, place: Place): FlowSpan {
  const { part, after, indexAt } = place;
  const text = sliceWhole(part, textStart, textEnd).trim();
  const indexes = { beginIndex: indexAt(textStart), endIndex: indexAt(textEnd) };
  return { text, start: after + start, end: after + end, ...indexes };
}

/** Counts characters once for all places that are asked for in order. */
function indexOf({ text, start }: FlowPart): (at: number) => number {
  let counted = { at: 0, index: start };
  return (at) => {
    const from = at < counted.at ? { at: 0, index: start } : counted;
    counted = { at, index: from.index + codePoints(text.slice(from.at, at)) };
    return counted.index;
  };
}
