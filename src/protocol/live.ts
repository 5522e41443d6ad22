import type { WireError } from './errors.js';
import type { TranscriptSegment, Usage } from './requests.js';

/**
 * What a connection to a worker's data socket is upgraded to for a duplex call; it ends with the call.
 * Frames to the worker: a JSON {@link LiveRequest}, then speech as bytes (signed 16-bit little-endian
 * mono), at last no bytes. Frames back: {@link LiveEvent}s with {@link LiveTaken}s between them. Both
 * flow at the same time.
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

/** What every API family turns an utterance into that is heard while it is spoken. */
export interface LiveRequest {
  /** Model id as on the card, aliases already resolved. */
  readonly model: string;
  /** Rate of the speech that follows. */
  readonly sampleRateHz: number;
  /** ISO 639-1 language; absent = detect (multilingual models) or the model's own. */
  readonly language?: string;
}

/** Events that a worker answers a {@link LiveRequest} with. */
export type LiveEvent =
  /** First event: the language given, or the one assumed so far (ISO 639-1). */
  | { readonly type: 'start'; readonly language: string }
  /** What the words since the last segment seem to be so far; the next one replaces it. */
  | {
      readonly type: 'partial';
      readonly text: string;
      /** End of the newest speech that the words cover, from the beginning of the utterance. */
      readonly throughSeconds?: number;
    }
  /** Words that will not change any more. */
  | { readonly type: 'segment'; readonly segment: TranscriptSegment }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };
