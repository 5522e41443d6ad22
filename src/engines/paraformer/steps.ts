/** What the two halves of the engine say to each other; structured-cloneable. */
import type { FrontEndState } from '../funasr/front-end.js';
import type { CifState } from './cif.js';

/** Audio to write down. Samples are signed 16-bit ones at 16 kHz. */
export type ParaformerStep =
  /** A span of up to 30 s for itself. */
  | { readonly kind: 'span'; readonly pcm: Int16Array }
  /** The next piece of a stream; any replica may hear it, for its state travels with it. */
  | {
      readonly kind: 'live';
      readonly pcm: Int16Array;
      /** Absent at the beginning of a stream. */
      readonly state?: OnlineState;
      /** Nothing follows: what is held back for its context is heard too. */
      readonly isLast: boolean;
    };

/** A token; times in seconds from the beginning of the span or stream. */
export interface ParaformerToken {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly logprob: number;
}

/** What was heard. */
export interface ParaformerResult {
  readonly tokens: readonly ParaformerToken[];
  /** Whether the tokens' times are known; else all of them have those of the span. */
  readonly timed: boolean;
  /** For the next step of a live stream. */
  readonly state?: OnlineState;
  /** How far a live stream is heard, in seconds. */
  readonly throughSeconds: number;
}

/** All that a stream keeps between its steps. */
export interface OnlineState {
  readonly frontEnd: FrontEndState;
  /** Rows that are still needed: the context on the left first. */
  rows: Float32Array;
  /** Rows of speech so far. */
  position: number;
  /** The row that is heard next; negative in the padding before the speech. */
  nextRow: number;
  readonly cif: CifState;
  /** Memory of each block of the decoder; none before the first token. */
  caches: readonly Float32Array[];
}
