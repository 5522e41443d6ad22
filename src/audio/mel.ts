/**
 * Whisper's log-mel features: 16 kHz, Hann window of 400 samples (25 ms), hop 160 (10 ms), power
 * spectrum, Slaney mel filters, log10. Reference: `whisper/audio.py` of OpenAI's Whisper.
 */
import { Fft } from './fft.js';

/** Sample rate that the features are defined for. */
export const MEL_SAMPLE_RATE_HZ = 16_000;
/** Samples from one frame to the next. */
export const MEL_HOP_SAMPLES = 160;
/** Samples that a frame looks at; half of them lie before its centre. */
export const MEL_FRAME_SAMPLES = 400;

const BINS = MEL_FRAME_SAMPLES / 2 + 1;
/** Power below which the logarithm is cut, and how far under the peak it may go (log10 units). */
const MIN_POWER = 1e-10;
const RANGE = 8;

/** A triangle over neighbouring bins of the spectrum. */
export interface MelFilter {
  /** First bin with a weight. */
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Makes the mel filters by Slaney's formula (Auditory Toolbox, 1998; `librosa.filters.mel`): linear
 * below 1 kHz, logarithmic above, each triangle of area 1.
 */
export function melFilters(mels: number): MelFilter[] {
  const nyquistHz = MEL_SAMPLE_RATE_HZ / 2;
  const top = hzToMel(nyquistHz);
  const edgesHz = Array.from({ length: mels + 2 }, (_, i) => melToHz((top * i) / (mels + 1)));
  const binsHz = Array.from({ length: BINS }, (_, i) => (nyquistHz * i) / (BINS - 1));
  return Array.from({ length: mels }, (_, i) => {
    const [low = 0, peak = 0, high = 0] = edgesHz.slice(i, i + 3);
    const row = binsHz.map((hz) => {
      const rise = (hz - low) / (peak - low);
      const fall = (high - hz) / (high - peak);
      return (Math.max(0, Math.min(rise, fall)) * 2) / (high - low);
    });
    const first = row.findIndex((weight) => weight > 0);
    const last = row.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(row.slice(first, last + 1)) };
  });
}

const LINEAR_HZ_PER_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = LOG_START_HZ / LINEAR_HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

function hzToMel(hz: number): number {
  if (hz < LOG_START_HZ) return hz / LINEAR_HZ_PER_MEL;
  return LOG_START_MEL + Math.log(hz / LOG_START_HZ) / LOG_STEP;
}

function melToHz(mel: number): number {
  if (mel < LOG_START_MEL) return mel * LINEAR_HZ_PER_MEL;
  return LOG_START_HZ * Math.exp(LOG_STEP * (mel - LOG_START_MEL));
}

/** Audio to compute features of, and how much of it. */
export interface MelWindow {
  /**
   * Signed 16-bit samples at 16 kHz: frame t is centred on `pcm[lead + 160 t]`. Where the samples
   * around it are missing in front they are mirrored, at the end they are silence.
   */
  readonly pcm: Int16Array;
  /** Samples in `pcm` before the centre of the first frame. */
  readonly lead: number;
  /** Frames that have audio. */
  readonly frames: number;
  /** Frames of the result; those without audio are 0, as Whisper pads. */
  readonly totalFrames: number;
}

/** Computes log-mel features; keeps its tables and buffers between windows. */
export class LogMel {
  readonly mels: number;
  readonly #filters: readonly MelFilter[];
  readonly #fft = new Fft(MEL_FRAME_SAMPLES);
  readonly #window = hann(MEL_FRAME_SAMPLES);
  readonly #power = [new Float64Array(BINS), new Float64Array(BINS)] as const;

  constructor(mels: number) {
    this.mels = mels;
    this.#filters = melFilters(mels);
  }

  /** Features [mels, totalFrames], row-major, about −1.5 … 1.5. */
  compute(window: MelWindow): Float32Array {
    const { frames, totalFrames } = window;
    const out = new Float32Array(this.mels * totalFrames);
    let peak = Number.NEGATIVE_INFINITY;
    // The transform is complex and speech is real: two frames share one transform.
    for (let frame = 0; frame < frames; frame += 2) {
      this.#spectra(window, frame);
      for (let i = 0; i < 2 && frame + i < frames; i++) {
        const power = this.#power[i] ?? this.#power[0];
        peak = Math.max(peak, this.#logMels(power, out, { frame: frame + i, totalFrames }));
      }
    }
    this.#normalize(out, peak, window);
    return out;
  }

  #spectra(window: MelWindow, frame: number): void {
    const { re, im } = this.#fft;
    const start = window.lead + frame * MEL_HOP_SAMPLES - MEL_FRAME_SAMPLES / 2;
    for (let i = 0; i < MEL_FRAME_SAMPLES; i++) {
      const weight = this.#window[i] as number;
      re[i] = weight * sampleAt(window.pcm, start + i);
      im[i] = weight * sampleAt(window.pcm, start + i + MEL_HOP_SAMPLES);
    }
    this.#fft.transform();
    this.#separate();
  }

  /** Takes the spectra of the real and of the imaginary input apart, by their symmetry. */
  #separate(): void {
    const { re, im } = this.#fft;
    const [first, second] = this.#power;
    for (let k = 0; k < BINS; k++) {
      const mirror = k === 0 ? 0 : MEL_FRAME_SAMPLES - k;
      const sumRe = (re[k] as number) + (re[mirror] as number);
      const difRe = (re[k] as number) - (re[mirror] as number);
      const sumIm = (im[k] as number) + (im[mirror] as number);
      const difIm = (im[k] as number) - (im[mirror] as number);
      first[k] = (sumRe * sumRe + difIm * difIm) / 4;
      second[k] = (sumIm * sumIm + difRe * difRe) / 4;
    }
  }

  /** Writes one frame's log10 powers; returns the largest. */
  #logMels(
    power: Float64Array,
    out: Float32Array,
    { frame, totalFrames }: { frame: number; totalFrames: number },
  ): number {
    let peak = Number.NEGATIVE_INFINITY;
    for (let mel = 0; mel < this.mels; mel++) {
      const { first, weights } = this.#filters[mel] as MelFilter;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        sum += (weights[i] as number) * (power[first + i] as number);
      }
      const value = Math.log10(Math.max(sum, MIN_POWER));
      out[mel * totalFrames + frame] = value;
      peak = Math.max(peak, value);
    }
    return peak;
  }

  #normalize(out: Float32Array, peak: number, { frames, totalFrames }: MelWindow): void {
    const floor = peak - RANGE;
    for (let mel = 0; mel < this.mels; mel++) {
      const row = mel * totalFrames;
      for (let i = row; i < row + frames; i++) out[i] = (Math.max(out[i] ?? 0, floor) + 4) / 4;
    }
  }
}

function sampleAt(pcm: Int16Array, index: number): number {
  return (pcm[Math.abs(index)] ?? 0) / 32_768;
}

function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}
