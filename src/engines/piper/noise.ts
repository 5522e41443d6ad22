import type { Frames } from './frames.js';
import type { FrameRange } from '../../models/piper/frame-range.js';

/** Values that are drawn once; a power of two, and more than any utterance has frames. */
const BANK_VALUES = 2 ** 19;

/** Which noise is wanted. */
export interface NoiseKey {
  /** Of the request, 0…2³²−1. */
  readonly seed: number;
  /** Number of the utterance in the request. */
  readonly utterance: number;
  /** Tells the noises of one utterance apart. */
  readonly stream: number;
}

/**
 * Standard normal noise that is the same for the same key on every replica, whichever frames are
 * asked for first. Drawing it value by value would cost milliseconds a second of speech; so each
 * channel reads one bank from a place that its key decides.
 */
export class NoiseBank {
  readonly #values = normalValues(BANK_VALUES);

  /** Noise [channels, frames] of a range of frames. */
  frames(key: NoiseKey, channels: number, range: FrameRange): Frames {
    const frames = range.to - range.from;
    const data = new Float32Array(channels * frames);
    for (let channel = 0; channel < channels; channel += 1) {
      this.#copy(
        placeOf(key, channel) + range.from,
        data.subarray(channel * frames, (channel + 1) * frames),
      );
    }
    return { data, channels, frames };
  }

  /** Fills a row from a place of the bank, which goes on at its beginning. */
  #copy(place: number, row: Float32Array): void {
    const start = place % BANK_VALUES;
    const head = this.#values.subarray(start, start + row.length);
    row.set(head);
    if (head.length < row.length)
      row.set(this.#values.subarray(0, row.length - head.length), head.length);
  }
}

/** Box and Muller's method on a sequence of 32-bit numbers. */
function normalValues(count: number): Float32Array {
  const values = new Float32Array(count);
  const next = uniformNumbers();
  for (let index = 0; index < count; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(next()));
    const angle = 2 * Math.PI * next();
    values[index] = radius * Math.cos(angle);
    values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** Numbers in (0, 1] by the generator `mulberry32` of Tommy Ettinger. */
function uniformNumbers(): () => number {
  let state = 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 1) / 2 ** 32;
  };
}

function placeOf({ seed, utterance, stream }: NoiseKey, channel: number): number {
  return [utterance, stream, channel].reduce(scrambled, seed >>> 0) % BANK_VALUES;
}

/** Mixes a number into another so that each bit of both matters (MurmurHash3's last step). */
function scrambled(hash: number, value: number): number {
  let mixed = hash ^ Math.imul(value + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
