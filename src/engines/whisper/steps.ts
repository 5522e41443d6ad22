/** What the two halves of the engine say to each other; structured-cloneable. */
import type { VadState } from '../vad/vad-state.js';

/** Something for a replica to do. */
export type WhisperStep = WindowStep | SpeechStep;

/** What came of it. */
export type WhisperResult = WindowResult | SpeechResult;

/** One window of up to 30 s to write down. */
export interface WindowStep {
  readonly type: 'window';
  /** 16 kHz samples; frame t of the window is centred on `pcm[lead + 160 t]`. */
  readonly pcm: Int16Array;
  readonly lead: number;
  /** 10 ms frames that have audio. */
  readonly frames: number;
  /** Frames that the encoder sees, silence after the audio included; even, 3,000 at most. */
  readonly totalFrames: number;
  /** Language token's code; absent = detect. English-only models have none. */
  readonly language?: string;
  /** Absent = write what is spoken. English-only models cannot translate. */
  readonly task?: 'translate';
  /** Tokens of a text that conditions this window. */
  readonly prompt: readonly number[];
  /** Text and timestamp tokens that the answer begins with, as heard before; absent = none. */
  readonly begun?: readonly number[];
  readonly temperature: number;
  /** Width of the beam search, for temperature 0 only; absent = greedy. */
  readonly beamSize?: number;
  /** Times of the tokens are wanted. */
  readonly alignment?: true;
}

/** What was heard in a window. */
export interface WindowResult {
  readonly type: 'window';
  /** Text and timestamp tokens, without the start sequence and the end. */
  readonly tokens: readonly number[];
  /** Log probability of each of them. */
  readonly logprobs: readonly number[];
  /** The language given or detected; absent in English-only models. */
  readonly language?: string;
  /** Mean log probability of the tokens and the end. */
  readonly avgLogprob: number;
  /** Probability that there is no speech, by the model's first answer. */
  readonly noSpeechProb: number;
  /** It repeated itself, and was stopped. */
  readonly looped: boolean;
  /** If asked for, and the graph can. */
  readonly alignment?: TokenAlignment;
}

/** When text tokens are spoken; in positions of 20 ms from the start of the window. */
export interface TokenAlignment {
  /** Where each text token begins and, if the end token came, where the last one ends. */
  readonly starts: readonly number[];
  /** Positions that have audio. */
  readonly positions: number;
}

/** The next stretch of a file in which to look for speech. */
export interface SpeechStep {
  readonly type: 'speech';
  /** 16 kHz. */
  readonly pcm: Int16Array;
  /** What the last stretch left. */
  readonly state: VadState;
  /** Nothing follows. */
  readonly isLast: boolean;
}

/** Where speech may be. */
export interface SpeechResult {
  readonly type: 'speech';
  /** Of speech, for each window of 32 ms that was completed. */
  readonly probabilities: Float32Array;
  readonly state: VadState;
}
