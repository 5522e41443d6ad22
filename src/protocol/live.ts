import type { WireError } from './errors.js';
import type { SpeechSegmentation, TranscriptSegment, Usage } from './requests.js';

/**
 * What a connection to a worker's data socket is upgraded to for a duplex call; it ends with the call.
 * Frames to the worker: a JSON {@link LiveRequest}, then speech as bytes (signed 16-bit little-endian
 * mono) with JSON {@link LiveControl}s between them, at last no bytes. Frames back: {@link LiveEvent}s
 * with {@link LiveTaken}s between them. Both flow at the same time.
 */
export const LIVE_PROTOCOL = 'chorus-live';

/** Speech that may be on its way or waiting at the worker: 8 s at 16 kHz. */
export const LIVE_WINDOW_BYTES = 256 * 1024;
/** The worker tells each time that so much more was taken. */
export const TAKEN_STEP_BYTES = 128 * 1024;

/** How much of the speech the engine has taken so far: what holds the sender back. */
export interface LiveTaken {
  readonly type: 'taken';
  readonly bytes: number;
}

/**
 * What is said about the speech before it: `commit` ends what is being said, and asks for its words;
 * `clear` drops what has not ended, as if it had never been said.
 */
export interface LiveControl {
  readonly type: 'commit' | 'clear';
}

/** A piece of live speech, or what is said about the pieces before it. */
export type LivePiece = Uint8Array | LiveControl;

/** A control counts as so much speech where speech is counted, so that nobody can send endless ones. */
export const LIVE_CONTROL_BYTES = 64;

/** How much a piece counts for {@link LIVE_WINDOW_BYTES} and {@link LiveTaken}. */
export function livePieceBytes(piece: LivePiece): number {
  return piece instanceof Uint8Array ? piece.byteLength : LIVE_CONTROL_BYTES;
}

/** What every API family turns an utterance into that is heard while it is spoken. */
export interface LiveRequest {
  /** Model id as on the card, aliases already resolved. */
  readonly model: string;
  /** Rate of the speech that follows. */
  readonly sampleRateHz: number;
  /** ISO 639-1 language; absent = detect (multilingual models) or the model's own. */
  readonly language?: string;
  /** Text that conditions every window, such as names and spellings. */
  readonly prompt?: string;
  /**
   * Who says where a turn ends: absent = the engine, by the silence after it; `manual` = only a
   * `commit` does, and the engine tells nothing of beginnings and ends that it hears.
   */
  readonly turns?: 'manual';
  /** How speech is found; absent = the engine's own way. */
  readonly segmentation?: SpeechSegmentation;
  /**
   * Speech that is never so loud is left out, as somebody far from the microphone is: root mean
   * square, 0–1 of full scale; absent = all is heard.
   */
  readonly minRms?: number;
  /** So long nobody may speak at first; then the answer is an error `empty_audio`. Absent = any time. */
  readonly maxStartSilenceMs?: number;
  /** `false` = words are wanted only when they are final; absent = as soon as they are guessed. */
  readonly partials?: boolean;
  /** Segments shall have {@link TranscriptSegment.words}. */
  readonly words?: boolean;
  /** Segments shall have {@link TranscriptSegment.tokenLogprobs}. */
  readonly logprobs?: boolean;
}

/**
 * Events that a worker answers a {@link LiveRequest} with. All seconds count from the beginning of the
 * utterance. Words come in order: all those of a turn that has ended come before any of the next one,
 * whose `speech_started` may come between them.
 */
export type LiveEvent =
  /**
   * First event: the language given, or the one assumed so far (ISO 639-1). An engine that tells of
   * all speech says so: until `speech_started` nothing but listening is done for the utterance.
   */
  | { readonly type: 'start'; readonly language: string; readonly tellsSpeech?: true }
  /** Somebody has begun to speak: a turn begins there, silence before the speech included. */
  | { readonly type: 'speech_started'; readonly atSeconds: number }
  /** The silence after the speech was long enough: the turn ends there, that silence included. */
  | { readonly type: 'speech_stopped'; readonly atSeconds: number }
  /** A `commit` has ended the turn there. */
  | { readonly type: 'committed'; readonly atSeconds: number }
  /** A `clear` has dropped the turn that was open, if one was. */
  | { readonly type: 'cleared'; readonly atSeconds: number }
  /** Speech there was left out for {@link LiveRequest.minRms}; `rms` is that of its loudest moment. */
  | {
      readonly type: 'far';
      readonly fromSeconds: number;
      readonly throughSeconds: number;
      readonly rms: number;
    }
  /** What the words since the last segment seem to be so far; the next one replaces it. */
  | {
      readonly type: 'partial';
      readonly text: string;
      /** End of the newest speech that the words cover. */
      readonly throughSeconds?: number;
      /**
       * So much of the text, in UTF-16 units, is never taken back: the segment begins with it. Absent
       * = the engine promises nothing.
       */
      readonly stableLength?: number;
    }
  /** Words that will not change any more; a long turn has several. */
  | { readonly type: 'segment'; readonly segment: TranscriptSegment }
  /** The oldest turn that has ended (`speech_stopped` or `committed`) has no further segments. */
  | { readonly type: 'settled'; readonly throughSeconds: number }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };
