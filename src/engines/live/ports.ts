import type { LiveRequest } from '../../protocol/live.js';
import type { TranscriptSegment, TranscriptWord } from '../../protocol/requests.js';
import type { ReadingPlace } from '../engine.js';

/** Rate of all samples in this folder. */
export const LIVE_RATE_HZ = 16_000;

/** A stretch of a live stream that shall be written down. */
export interface LiveWindow {
  /** 16 kHz; a copy, so that it may be moved to another thread. At most 28 s and its padding. */
  readonly pcm: Int16Array;
  /** Text before it: the client's, and that of the same turn if it had to be cut. */
  readonly prompt: string;
  /** ISO 639-1 language given, or heard in the same sentence before; absent = to be detected. */
  readonly language?: string;
  /**
   * What a guess begins with: the newest reading, and its words that are never taken back. An engine
   * need not find those again. Absent = nothing is stable, or the window is final.
   */
  readonly begun?: BegunText;
  /** Its words will be told as they come out: worth more work than a guess. */
  readonly isFinal: boolean;
  /** Words shall have times; asked for only where it is final. */
  readonly words: boolean;
  /** Tokens shall have log-probabilities; asked for only where it is final. */
  readonly logprobs: boolean;
}

/** The beginning of a text, as it was told. */
export interface BegunText {
  readonly reading: LiveText;
  /** Text of the stable words. */
  readonly stable: string;
}

/** What an engine makes of a window. Empty texts are none: noise, silence. */
export interface LiveText extends Pick<
  TranscriptSegment,
  'tokens' | 'temperature' | 'avgLogprob' | 'compressionRatio' | 'noSpeechProb' | 'tokenLogprobs'
> {
  readonly text: string;
  /** So many of its first characters the engine is sure of, absent = it cannot tell. */
  readonly sureLength?: number;
  /** In order, with seconds from the window's beginning; absent = it cannot tell. */
  readonly words?: readonly TranscriptWord[];
  /** ISO 639-1; absent = it knows one only, or none. */
  readonly language?: string;
}

/** What the live recogniser needs of an engine, for one stream. */
export interface LivePorts {
  /**
   * Goes on hearing whether somebody speaks; called again only when it has answered.
   * @param pcm 16 kHz, a multiple of 512 samples.
   * @returns Probability of speech, 0–1, for each 512 samples.
   */
  hear(pcm: Int16Array, place: ReadingPlace): Promise<Float32Array>;
  /**
   * Writes a window down. Guesses and final words may be asked for at the same time.
   * @param window Called once, when its turn has come, so that a guess that had to wait is one at all
   * that was said in the meantime. Throws if nobody wants it any more: then nothing is to be done.
   */
  decode(window: () => LiveWindow, place: ReadingPlace): Promise<LiveText>;
}

/** A stream to recognise, and with what. */
export interface LiveOptions {
  readonly request: LiveRequest;
  readonly ports: LivePorts;
  /** What to name before any is known: the card's, or the one given. */
  readonly language: string;
  /** Aborts when nobody wants the words any more. */
  readonly signal: AbortSignal;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
}

/**
 * When steps are due after they are asked for; below 0 = they go before what came earlier, too.
 * Hearing first, for it is short and says what is to be written; then final words, which a client
 * waits for and nothing replaces; a pause, which may be the end; guesses when there is time, but not
 * behind a file's windows for ever. Work that waits longer than the difference goes first all the same.
 */
export const LIVE_PLACES = {
  hear: { dueInMs: -3_000 },
  final: { dueInMs: -2_000 },
  pause: { dueInMs: -500 },
  guess: { dueInMs: 200 },
} as const satisfies Record<string, ReadingPlace>;
