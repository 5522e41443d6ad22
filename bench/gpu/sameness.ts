import { LogMel, MEL_HOP_SAMPLES } from '../../src/audio/mel.js';

/** How like two recordings of 16 kHz are. */
export interface Sameness {
  /** Length of the other one, of the first one's. */
  readonly lengthRatio: number;
  /** Of the first one to the difference, sample by sample; at most 120. */
  readonly snrDb: number;
  /** Mean distance of the loudness of 80 mel bands, frames aligned in time. */
  readonly melDb: number;
}

const MELS = 80;
/** The features are (log10 of the power + 4) / 4: one of theirs is 40 dB. */
const DB_PER_UNIT = 40;
const MOST_DB = 120;
/** How far frames may be moved: a duration that is rounded otherwise moves all that follows. */
const BAND_FRAMES = 60;

/** Compares speech of one text, seed and voice that two devices made. */
export function compareSpeech(reference: Int16Array, other: Int16Array): Sameness {
  return {
    lengthRatio: other.length / reference.length,
    snrDb: snrDb(reference, other),
    melDb: alignedDistance(melFrames(reference), melFrames(other)),
  };
}

function snrDb(reference: Int16Array, other: Int16Array): number {
  let [signal, noise] = [0, 0];
  for (const [at, sample] of reference.entries()) {
    signal += sample ** 2;
    noise += (sample - (other[at] ?? 0)) ** 2;
  }
  return Math.min(MOST_DB, 10 * Math.log10(signal / Math.max(noise, Number.MIN_VALUE)));
}

/** Frames of 10 ms, each with the loudness of its bands in decibels, silence at the bottom. */
function melFrames(pcm: Int16Array): Float32Array[] {
  const frames = Math.max(1, Math.floor(pcm.length / MEL_HOP_SAMPLES));
  const rows = new LogMel(MELS).compute({ pcm, lead: 0, frames, totalFrames: frames });
  return Array.from({ length: frames }, (_, frame) =>
    Float32Array.from({ length: MELS }, (_, mel) => rows[mel * frames + frame]! * DB_PER_UNIT),
  );
}

function distance(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let mel = 0; mel < MELS; mel += 1) sum += Math.abs(one[mel]! - other[mel]!);
  return sum / MELS;
}

/**
 * Mean distance of frames along the path that has the least: dynamic time warping (Sakoe and Chiba,
 * 1978, with their symmetric weights: a diagonal step counts twice), in a band around the diagonal.
 */
function alignedDistance(one: readonly Float32Array[], other: readonly Float32Array[]): number {
  const slope = other.length / one.length;
  let row = new Float64Array(other.length + 1).fill(Infinity);
  row[0] = 0;
  for (const [line, frame] of one.entries()) {
    const next = new Float64Array(other.length + 1).fill(Infinity);
    const middle = Math.round(line * slope);
    const last = Math.min(other.length, middle + BAND_FRAMES);
    for (let column = Math.max(0, middle - BAND_FRAMES); column < last; column += 1) {
      const cost = distance(frame, other[column]!);
      next[column + 1] = Math.min(
        row[column]! + 2 * cost,
        row[column + 1]! + cost,
        next[column]! + cost,
      );
    }
    row = next;
  }
  return row[other.length]! / (one.length + other.length);
}
