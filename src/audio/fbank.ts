/**
 * Kaldi's log-mel filter bank, as FunASR's models were trained on it: 16 kHz, frames of 25 ms every
 * 10 ms that lie wholly in the audio (`snip_edges`), mean taken off, pre-emphasis 0.97, a window, 80
 * mel bands from 20 Hz to 8 kHz, natural logarithm; no dither, so that the same audio gives the same
 * numbers. Reference: `feature-window.cc` and `mel-computations.cc` of Kaldi.
 */
import { Fft } from './fft.js';

/** Sample rate that the features are defined for. */
export const FBANK_SAMPLE_RATE_HZ = 16_000;
/** Samples from one frame to the next. */
export const FBANK_HOP_SAMPLES = 160;
/** Samples that a frame looks at. */
export const FBANK_FRAME_SAMPLES = 400;
/** Values of a frame. */
export const FBANK_MELS = 80;

/** Frames are padded to a power of two. */
const FFT_SAMPLES = 512;
/** Kaldi leaves out the bin at the Nyquist frequency. */
const BINS = FFT_SAMPLES / 2;
const PRE_EMPHASIS = 0.97;
const LOW_HZ = 20;
const HIGH_HZ = FBANK_SAMPLE_RATE_HZ / 2;
/** Energies below it count as it: the spacing of 32-bit floats at 1. */
const MIN_ENERGY = 2 ** -23;

/** Shape of a frame's ends: `hamming` is FunASR's, `povey` Kaldi's own. */
export type FbankWindow = 'hamming' | 'povey';

/** What a stream keeps between its chunks; structured-cloneable. */
export interface FbankState {
  /** Samples from the next frame's first one on. */
  tail: Int16Array;
}

/** A stream of which nothing was heard yet. */
export function newFbankState(): FbankState {
  return { tail: new Int16Array(0) };
}

interface MelBand {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Computes frames; keeps its tables and buffers between calls, and nothing of the audio. */
export class Fbank {
  readonly #window: Float64Array;
  readonly #bands = melBands();
  /** A real transform of 512 is a complex one of 256 and one step more. */
  readonly #fft = new Fft(BINS);
  readonly #samples = new Float64Array(FFT_SAMPLES);
  readonly #power = new Float64Array(BINS);

  constructor(window: FbankWindow = 'hamming') {
    this.#window = windowOf(window);
  }

  /**
   * Features of all frames that lie wholly in the audio, [frames, 80], row-major.
   * @param pcm Signed 16-bit samples at 16 kHz; Kaldi takes them as they are, not scaled to 1.
   */
  compute(pcm: Int16Array): Float32Array {
    const frames = frameCount(pcm.length);
    const out = new Float32Array(frames * FBANK_MELS);
    for (let frame = 0; frame < frames; frame++) {
      this.#prepare(pcm, frame * FBANK_HOP_SAMPLES);
      this.#transform();
      this.#logMels(out, frame * FBANK_MELS);
    }
    return out;
  }

  /** Features of the frames that a chunk completes; how a stream is cut changes no bit of them. */
  push(state: FbankState, pcm: Int16Array): Float32Array {
    const joined = new Int16Array(state.tail.length + pcm.length);
    joined.set(state.tail);
    joined.set(pcm, state.tail.length);
    state.tail = joined.slice(frameCount(joined.length) * FBANK_HOP_SAMPLES);
    return this.compute(joined);
  }

  /** One frame: without its mean, pre-emphasised, windowed; the padding stays 0. */
  #prepare(pcm: Int16Array, start: number): void {
    const samples = this.#samples;
    let sum = 0;
    for (let i = 0; i < FBANK_FRAME_SAMPLES; i++) sum += pcm[start + i] as number;
    const mean = sum / FBANK_FRAME_SAMPLES;
    // The first sample has none before it: Kaldi takes itself.
    let before = (pcm[start] as number) - mean;
    for (let i = 0; i < FBANK_FRAME_SAMPLES; i++) {
      const sample = (pcm[start + i] as number) - mean;
      samples[i] = (sample - PRE_EMPHASIS * before) * (this.#window[i] as number);
      before = sample;
    }
  }

  /** Power of the bins: even samples as real and odd ones as imaginary parts, taken apart after. */
  #transform(): void {
    for (let i = 0; i < BINS; i++) {
      this.#fft.re[i] = this.#samples[2 * i] as number;
      this.#fft.im[i] = this.#samples[2 * i + 1] as number;
    }
    this.#fft.transform();
    const { re, im } = this.#fft;
    for (let k = 0; k < BINS; k++) {
      const mirror = (BINS - k) % BINS;
      const evenRe = ((re[k] as number) + (re[mirror] as number)) / 2;
      const evenIm = ((im[k] as number) - (im[mirror] as number)) / 2;
      const oddRe = ((im[k] as number) + (im[mirror] as number)) / 2;
      const oddIm = ((re[mirror] as number) - (re[k] as number)) / 2;
      const cos = TURN_COS[k] as number;
      const sin = TURN_SIN[k] as number;
      const sumRe = evenRe + oddRe * cos - oddIm * sin;
      const sumIm = evenIm + oddRe * sin + oddIm * cos;
      this.#power[k] = sumRe * sumRe + sumIm * sumIm;
    }
  }

  #logMels(out: Float32Array, at: number): void {
    for (let mel = 0; mel < FBANK_MELS; mel++) {
      const { first, weights } = this.#bands[mel] as MelBand;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        sum += (weights[i] as number) * (this.#power[first + i] as number);
      }
      out[at + mel] = Math.log(Math.max(sum, MIN_ENERGY));
    }
  }
}

const TURN_COS = Float64Array.from({ length: BINS }, (_, k) => Math.cos((-Math.PI * k) / BINS));
const TURN_SIN = Float64Array.from({ length: BINS }, (_, k) => Math.sin((-Math.PI * k) / BINS));

function frameCount(samples: number): number {
  if (samples < FBANK_FRAME_SAMPLES) return 0;
  return Math.floor((samples - FBANK_FRAME_SAMPLES) / FBANK_HOP_SAMPLES) + 1;
}

/** Both windows are cosines over length − 1. */
function windowOf(kind: FbankWindow): Float64Array {
  return Float64Array.from({ length: FBANK_FRAME_SAMPLES }, (_, i) => {
    const cos = Math.cos((2 * Math.PI * i) / (FBANK_FRAME_SAMPLES - 1));
    return kind === 'hamming' ? 0.54 - 0.46 * cos : (0.5 - 0.5 * cos) ** 0.85;
  });
}

function hzToMel(hz: number): number {
  return 1127 * Math.log(1 + hz / 700);
}

/** Triangles of equal width in mel, their height 1. */
function melBands(): MelBand[] {
  const low = hzToMel(LOW_HZ);
  const step = (hzToMel(HIGH_HZ) - low) / (FBANK_MELS + 1);
  const mels = Array.from({ length: BINS }, (_, i) =>
    hzToMel((i * FBANK_SAMPLE_RATE_HZ) / FFT_SAMPLES),
  );
  return Array.from({ length: FBANK_MELS }, (_, band) => {
    const left = low + band * step;
    const row = mels.map((mel) =>
      Math.max(0, Math.min((mel - left) / step, (left + 2 * step - mel) / step)),
    );
    const first = row.findIndex((weight) => weight > 0);
    const last = row.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(row.slice(first, last + 1)) };
  });
}
