import type { WireError } from './errors.js';

/** A kind of work that a server offers. */
export type Service = 'tts' | 'asr';

/**
 * How urgent work is: `interactive` has somebody who listens or reads along, `bulk` has not and gets
 * a small share while others wait.
 */
export const REQUEST_CLASSES = ['interactive', 'bulk'] as const;

/** One of {@link REQUEST_CLASSES}. */
export type RequestClass = (typeof REQUEST_CLASSES)[number];

/** What every API family turns a text-to-speech request into. */
export interface SynthesisRequest {
  /** Model id as on the card, aliases already resolved. */
  readonly model: string;
  /** The text to speak; checked for length at the door. */
  readonly text: string;
  /** Voice id as on the card, aliases already resolved. */
  readonly voice: string;
  /** Speed factor, 0.25–4; 1 is the voice's own pace. */
  readonly speed: number;
  /** BCP 47 language of the text where the client names one; else the voice's. */
  readonly language?: string;
  /** What the text is written in, if it is no plain text. */
  readonly markup?: 'ssml';
  /** Draws the voice's random variation, 0…2³²−1; absent = 0. The same request gives the same samples. */
  readonly seed?: number;
  /** How to speak, in words; only for models whose card has the capability `instructions`. */
  readonly instructions?: string;
  /** Loudness factor, 0–2; absent = 1, the voice's own. */
  readonly gain?: number;
  /** Nobody listens along: it yields to requests with listeners. */
  readonly bulk?: true;
  /** Where to go on with a text of which another worker has spoken the beginning. */
  readonly resume?: ResumePoint;
  /** The text goes on after another one, and sounds as if both were one; absent = it begins. */
  readonly follows?: SpokenBefore;
  /**
   * The audio shall be signed 16-bit samples if the voice has this rate, or whatever rate it has;
   * otherwise, and where this is absent, it is floats.
   */
  readonly s16RateHz?: number | 'any';
}

/** Whether a voice of that rate answers a request with signed 16-bit samples. */
export function isS16(request: Pick<SynthesisRequest, 's16RateHz'>, sampleRateHz: number): boolean {
  return request.s16RateHz === 'any' || request.s16RateHz === sampleRateHz;
}

/** A place in the audio of a request. Every worker cuts a text into the same pieces. */
export interface ResumePoint {
  /** First piece to speak, counted from 0. */
  readonly piece: number;
  /** Samples of that piece that are not wanted again; above 0 only for a deterministic model. */
  readonly skipSamples: number;
}

/** What was spoken before a text that goes on after it. */
export interface SpokenBefore {
  /** How many pieces it had; those of this text are counted on from there. */
  readonly pieces: number;
  /** Whether it ended with a sentence: then the voice pauses before it goes on. */
  readonly endsSentence: boolean;
}

/** Where a voice activity detector cuts speech. */
export interface SpeechSegmentation {
  /** Probability of speech above which it begins, 0–1. */
  readonly threshold: number;
  /** Audio kept before and after detected speech. */
  readonly prefixPaddingMs: number;
  /** Silence that ends a stretch of speech. */
  readonly silenceDurationMs: number;
}

/** What every API family turns a file transcription request into. */
export interface TranscriptionRequest {
  /** Model id as on the card, aliases already resolved. */
  readonly model: string;
  /** Decoded speech on disk: signed 16-bit little-endian mono at 16 kHz, without a header. */
  readonly pcmPath: string;
  /** Length of that audio in samples. */
  readonly samples: number;
  /** ISO 639-1 language; absent = detect (multilingual models) or the model's own. */
  readonly language?: string;
  /** Text that conditions the first window, such as names and spellings. */
  readonly prompt?: string;
  /** Sampling temperature 0–1; 0 is greedy. */
  readonly temperature: number;
  /** Write it down in English, whatever is spoken; absent = in the language spoken. */
  readonly task?: 'translate';
  /** Segments shall have {@link TranscriptSegment.words}. */
  readonly words?: true;
  /** Segments shall have {@link TranscriptSegment.tokenLogprobs}. */
  readonly logprobs?: true;
  /** Width of the beam search, 1–5; absent = greedy. */
  readonly beamSize?: number;
  /** Each window is conditioned on the text of the one before; absent = it is not. */
  readonly conditionOnPreviousText?: boolean;
  /** How speech is found in the audio; absent = the engine's own way. */
  readonly segmentation?: SpeechSegmentation;
}

/** A word of a transcript with its times in the original file, in seconds. */
export interface TranscriptWord {
  /** With its leading space, as the tokenizer has it, and its punctuation. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** Mean probability of its tokens, 0–1. */
  readonly probability: number;
}

/** A token of a transcript and how sure the model was of it. */
export interface TokenLogprob {
  readonly token: string;
  /** Natural logarithm. */
  readonly logprob: number;
  /** UTF-8; a token may hold a part of a character only. */
  readonly bytes: readonly number[];
}

/** A piece of a transcript with its times in the original file, in seconds. */
export interface TranscriptSegment {
  readonly id: number;
  /** Start of the window that the segment came from, in 10 ms frames. */
  readonly seek: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokens: readonly number[];
  readonly temperature: number;
  readonly avgLogprob: number;
  readonly compressionRatio: number;
  readonly noSpeechProb: number;
  /** In order; there if asked for and the engine knows them. */
  readonly words?: readonly TranscriptWord[];
  /** Of the tokens of the text; there if asked for and the engine knows them. */
  readonly tokenLogprobs?: readonly TokenLogprob[];
  /** How the speaker sounds, such as `happy`; only of models that tell. */
  readonly emotion?: string;
  /** What is heard besides words, such as `applause`; only of models that tell. */
  readonly event?: string;
}

/** What was used up, for billing and metrics. */
export interface Usage {
  readonly characters?: number;
  readonly audioSeconds: number;
  /** Time that the engine computed for it, on all replicas together. */
  readonly computeSeconds?: number;
}

/** What is said in a piece of audio, and when. Samples count from the piece's beginning. */
export interface PieceMarks {
  /** Which sentence of the text it belongs to, counted from 0. */
  readonly sentence: number;
  /** Its place in the request's text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Its sound, without the pause before it. */
  readonly fromSample: number;
  readonly toSample: number;
  /** In order; empty where the engine has no alignment. */
  readonly words: readonly WordMark[];
}

/** A word in the request's text (UTF-16 units) and its samples, counted from the piece's beginning. */
export interface WordMark {
  readonly start: number;
  readonly end: number;
  readonly fromSample: number;
  readonly toSample: number;
}

/** Events that a worker answers a {@link SynthesisRequest} with, in order. */
export type SpeechEvent =
  /**
   * First event: the rate of all audio that follows, whether the same request gives the same samples,
   * and whether they are signed 16-bit ones (see {@link SynthesisRequest.s16RateHz}).
   */
  | {
      readonly type: 'start';
      readonly sampleRateHz: number;
      readonly deterministic: boolean;
      readonly isS16?: true;
    }
  /**
   * The audio that follows is a new piece, of so many samples, or what is left of one that another
   * worker began. `marks` are always those of the whole piece.
   */
  | {
      readonly type: 'mark';
      readonly piece: number;
      readonly samples: number;
      readonly marks?: PieceMarks;
    }
  /** The speech begins with so many samples of silence; comes before the audio that ends it. */
  | { readonly type: 'audible'; readonly afterSamples: number }
  /** Mono PCM, little-endian: 32-bit floats in −1…1, or signed 16-bit. Opaque to the supervisor. */
  | { readonly type: 'audio'; readonly pcm: Uint8Array }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };

/** Events that a worker answers a {@link TranscriptionRequest} with, in order. */
export type TranscriptEvent =
  /**
   * First event: the language given, or the one detected (ISO 639-1). An engine that translates says
   * so: an answer without it is in the language spoken, whatever was asked.
   */
  | { readonly type: 'start'; readonly language: string; readonly task?: 'translate' }
  | { readonly type: 'segment'; readonly segment: TranscriptSegment }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };
