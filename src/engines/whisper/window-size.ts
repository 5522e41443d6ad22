/** How long windows are, and how many are decoded together. */
import type { WhisperDims } from '../../models/whisper/info.js';

/** Samples of a frame at 16 kHz, and frames of a second. */
export const FRAME_SAMPLES = 160;
export const FRAMES_PER_SECOND = 100;
/** 10 ms frames of a whole window: 30 s, as Whisper was trained. */
export const WINDOW_FRAMES = 3000;
/**
 * Silence that shorter audio gets after it. With less the network repeats itself or goes on talking;
 * with this and with timestamps it does not (measured on utterances of 1.4 to 3.4 s).
 */
const PADDING_FRAMES = 400;
/**
 * The same for models with a silent tail, and how long the tail is. Of 320 utterances below 4 s
 * (2,376 words, tiny.en, one thread) in windows of 30 s 3.0 % of the words are wrong. Padded by 4 s:
 * 3.4 %, and one in twenty is heard again in a whole window. By 2 s with a tail of 6 s: 3.1 %, none is heard
 * again, in two thirds of the time. By 1 s with the same tail 3.5 %; by 0.5 s with one of 1.5 s 3.9 %.
 */
const TAILED_PADDING_FRAMES = 200;
const TAIL_FRAMES = 600;
/** The padding of guesses at live speech where there is a tail. */
const GUESS_PADDING_FRAMES = 50;
/** How long a window is with its tail at most; a longer one has none. */
export const TAILED_FRAMES = 2400;
/** Silence of large-v3 as long as that would take 390 MB: such models have no tail. */
const MAX_TAIL_BYTES = 128_000_000;
/** Lengths are rounded up to this, so that more windows are equally long. */
const STEP_FRAMES = 50;
/** Windows may differ by this factor: all are as long as the longest. */
const MAX_SPREAD = 1.25;
/**
 * Keys and values of the audio that one batch may take, so that a replica of tiny.en stays under
 * 300 MB: four windows of 15 s of it. Large models gain less by batches, as each of their windows takes
 * longer.
 */
const MAX_CROSS_BYTES = 48_000_000;
/** More rows gain little (measured: 8 rows cost 8 % less each than 4, and twice the memory). */
const MAX_ROWS = 8;

type Dims = Pick<WhisperDims, 'decoderLayers' | 'width'>;

/** Whether a model of this size keeps the keys and values of silence. */
export function hasSilentTail(dims: Dims): boolean {
  return crossBytes(dims, TAILED_FRAMES) <= MAX_TAIL_BYTES;
}

/** What windows of a model may be like. */
export interface Padding {
  /** The model has a silent tail. */
  readonly isTailed: boolean;
  /** The text is replaced soon: less silence, and so less work, will do. */
  readonly isGuess?: boolean;
}

/** How many frames the encoder is to see of so many with audio. */
export function paddedFrames(frames: number, { isTailed, isGuess }: Padding): number {
  const tailed = roundedUp(frames + (isGuess ? GUESS_PADDING_FRAMES : TAILED_PADDING_FRAMES));
  if (isTailed && tailFrames(tailed) > 0) return tailed;
  return Math.min(WINDOW_FRAMES, roundedUp(frames + PADDING_FRAMES));
}

/** How many frames of silence follow a window of so many where there is a silent tail. */
export function tailFrames(frames: number): number {
  return frames + TAIL_FRAMES <= TAILED_FRAMES ? TAIL_FRAMES : 0;
}

/** How many windows of so many frames are decoded together at most; at least 1. */
export function windowsTogether(dims: Dims, frames: number): number {
  const bytes = crossBytes(dims, frames + tailFrames(frames));
  return Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_CROSS_BYTES / bytes)));
}

function crossBytes({ decoderLayers, width }: Dims, frames: number): number {
  return decoderLayers * 2 * width * (frames / 2) * Float32Array.BYTES_PER_ELEMENT;
}

function roundedUp(frames: number): number {
  return Math.ceil(frames / STEP_FRAMES) * STEP_FRAMES;
}

/** Whether windows of these lengths may be encoded with the length of the longest. */
export function areAlike(lengths: readonly number[]): boolean {
  return Math.max(...lengths) <= MAX_SPREAD * Math.min(...lengths);
}
