import type { PieceMarks, SpeechEvent, SynthesisRequest, WordMark } from '../protocol/requests.js';
import { textOfMarkup } from '../speech/ssml/markup.js';
import type { Cue } from '../speech/subtitles.js';

/** A stretch of the request's text and when it is heard. */
export interface TimedText {
  /** Seconds from the beginning of the answer's audio. */
  readonly start: number;
  readonly end: number;
  /** Place in the request's text, in UTF-16 units. */
  readonly textStart: number;
  readonly textEnd: number;
}

/** A sentence, or a part of one, with its words. */
export interface TimedPiece extends TimedText {
  /** Which sentence of the text it belongs to, counted from 0. */
  readonly sentence: number;
  /** Empty where the engine has no alignment. */
  readonly words: readonly TimedText[];
}

/** Where in the audio a piece begins, and how samples become seconds. */
interface PieceClock {
  readonly startSamples: number;
  readonly sampleRateHz: number;
}

/**
 * Turns the marks of pieces, whose samples count from the piece's beginning, into times in the whole
 * answer. A piece is told once, when its first audio comes: until then another worker may have to
 * speak it anew, and after that what it says is settled.
 */
export class SpeechMarks {
  #sampleRateHz = 0;
  #bytesPerSample: number = Float32Array.BYTES_PER_ELEMENT;
  #samples = 0;
  /** The last piece of which there is audio. */
  #begun = -1;
  /** Marked, but without audio yet. */
  #coming: { readonly piece: number; readonly marks: PieceMarks | undefined } | undefined;
  #ready: TimedPiece[] = [];
  readonly #pitch: number;

  /** @param pitch The audio is played so much faster than it was made. */
  constructor(pitch = 1) {
    this.#pitch = pitch;
  }

  /** Number of the piece after the last one that has begun. */
  get nextPiece(): number {
    return this.#begun + 1;
  }

  /** Length of the audio so far. */
  get seconds(): number {
    return this.#sampleRateHz === 0 ? 0 : this.#samples / this.#sampleRateHz;
  }

  /** Takes note of an event, in the order in which workers send them. */
  advance(event: SpeechEvent): void {
    if (event.type === 'start') {
      this.#sampleRateHz = event.sampleRateHz * this.#pitch;
      this.#bytesPerSample = event.isS16
        ? Int16Array.BYTES_PER_ELEMENT
        : Float32Array.BYTES_PER_ELEMENT;
    }
    if (event.type === 'mark') this.#coming = { piece: event.piece, marks: event.marks };
    if (event.type === 'audio' && event.pcm.byteLength > 0) this.#audio(event.pcm.byteLength);
  }

  /** The pieces that have begun since the last call, in order. */
  take(): readonly TimedPiece[] {
    return this.#ready.length === 0 ? this.#ready : this.#ready.splice(0);
  }

  #audio(bytes: number): void {
    const coming = this.#coming;
    this.#coming = undefined;
    // A worker that goes on with a piece marks it once more.
    if (coming !== undefined && coming.piece > this.#begun) {
      this.#begun = coming.piece;
      if (coming.marks !== undefined) this.#ready.push(this.#timed(coming.marks));
    }
    this.#samples += bytes / this.#bytesPerSample;
  }

  #timed(marks: PieceMarks): TimedPiece {
    const clock = { startSamples: this.#samples, sampleRateHz: this.#sampleRateHz };
    const words = marks.words.map((word) => timedText(word, clock));
    return { ...timedText(marks, clock), sentence: marks.sentence, words };
  }
}

function timedText(mark: WordMark, { startSamples, sampleRateHz }: PieceClock): TimedText {
  return {
    start: (startSamples + mark.fromSample) / sampleRateHz,
    end: (startSamples + mark.toSample) / sampleRateHz,
    textStart: mark.start,
    textEnd: mark.end,
  };
}

/** What was asked to be spoken. */
export type AskedText = Pick<SynthesisRequest, 'text' | 'markup'>;

/** Cuts out a part of a text as a reader sees it, without halves of characters at its ends. */
export function sliceWhole({ text, markup }: AskedText, start: number, end: number): string {
  const from = splitsPair(text, start) ? start - 1 : start;
  const slice = text.slice(from, splitsPair(text, end) ? end + 1 : end);
  return markup === 'ssml' ? textOfMarkup(slice) : slice;
}

function splitsPair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xff_ff;
}

/** Makes a cue of each sentence: parts of one that follow each other are joined. */
export function cuesOf(asked: AskedText, pieces: readonly TimedPiece[]): Cue[] {
  const sentences: TimedPiece[] = [];
  for (const piece of pieces) {
    const last = sentences.at(-1);
    if (last?.sentence !== piece.sentence) sentences.push(piece);
    else {
      const { end, textEnd } = piece;
      sentences[sentences.length - 1] = { ...last, end, textEnd };
    }
  }
  return sentences.map(({ start, end, textStart, textEnd }) => ({
    start,
    end,
    text: sliceWhole(asked, textStart, textEnd).trim(),
  }));
}
