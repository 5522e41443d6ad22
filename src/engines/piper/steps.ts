import type { Frames } from './frames.js';
import type { FrameRange } from '../../models/piper/frame-range.js';

/** What is to be said, and with which noise. */
export interface PiperText {
  readonly phonemeIds: readonly number[];
  /** Factor on all durations; 1 is the voice's own pace, 0.5 twice as fast. */
  readonly lengthScale: number;
  /** Speaker of a voice with several. */
  readonly speakerId?: number;
  /** Of the request, 0…2³²−1. */
  readonly seed: number;
  /** Number of the utterance in the request. */
  readonly utterance: number;
}

/** A tensor between the graphs of a voice. */
export interface NamedTensor {
  readonly name: string;
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Speaks an utterance in one piece: for voices whose graph could not be cut. */
export interface WholeStep extends PiperText {
  readonly kind: 'whole';
}

/** Finds out how long an utterance is, and begins it. */
export interface BeginStep extends PiperText {
  readonly kind: 'begin';
  /** Whether somebody waits for its first window. */
  readonly opens: boolean;
}

/** Makes the latent of a section, and the audio of one of its windows that is due at once. */
export interface FlowStep extends Pick<PiperText, 'seed' | 'utterance'> {
  readonly kind: 'flow';
  /** The frames that are wanted. */
  readonly range: FrameRange;
  /** The frames that `inputs` have: `range` with its context. */
  readonly around: FrameRange;
  readonly inputs: readonly NamedTensor[];
  readonly window?: DueWindow;
}

/** A window of a section whose latent is being made. */
export interface DueWindow {
  readonly range: FrameRange;
  /** The frames that `inputs` have, and that are taken of the latent: `range` with its context. */
  readonly around: FrameRange;
  readonly inputs: readonly NamedTensor[];
}

/** Makes the audio of a window. */
export interface DecodeStep {
  readonly kind: 'decode';
  /** The frames that are wanted, counted from the beginning of `latent`. */
  readonly range: FrameRange;
  /** The window with its context. */
  readonly latent: Frames;
  readonly inputs: readonly NamedTensor[];
}

/** What a Piper replica runs. */
export type PiperStep = WholeStep | BeginStep | FlowStep | DecodeStep;

/** What a {@link BeginStep} finds. */
export interface Begun {
  /** Frames of each phoneme id. */
  readonly durations: Float32Array;
  /** Their sum. */
  readonly frames: number;
  /** What flow and decoder take of it. */
  readonly tensors: readonly NamedTensor[];
  /** Audio of its first window, if it was asked to open. */
  readonly opening?: Float32Array;
  /** The latent of all frames, where the utterance is so short that it was no step of its own. */
  readonly latent?: Frames;
}

/** What a {@link FlowStep} makes. */
export interface Section {
  readonly latent: Frames;
  /** Of its window, if it was asked for one. */
  readonly audio?: Float32Array;
}

/** Results of the steps: samples in −1…1 for whole utterances and windows. */
export type PiperResult = Float32Array | Begun | Section;
