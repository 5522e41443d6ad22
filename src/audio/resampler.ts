import { kaiserBeta, kaiserLength, type LowPass, lowPassAt } from './kaiser.js';

/** Aliases and images lie this far below the signal; 16-bit audio has 96 dB. */
const STOP_BAND_DB = 96;
/** The pass band ends at this share of the lower Nyquist frequency, the stop band begins at 1. */
const PASS_BAND = 0.9;
/** Ratios with more phases than this use that many, with a straight line between neighbours. */
const MAX_PHASES = 1_024;

/** What to change to what. Rates are whole numbers of samples per second. */
export interface ResamplerOptions {
  readonly inputRateHz: number;
  readonly outputRateHz: number;
}

/**
 * Changes the sample rate of one channel that comes in chunks. Output sample n is the band-limited
 * input at time n · in/out: no delay, and `round(samples · out/in)` samples in all. How the input
 * is cut into chunks changes no bit of the output.
 *
 * A polyphase filter: output n lies between input samples; its place after the earlier of them has
 * one of L = out/gcd values ("phases"), each with a row of coefficients of a Kaiser-windowed sinc
 * (see P. P. Vaidyanathan, *Multirate Systems and Filter Banks*, section 4.3).
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #bank: FilterBank;
  /** Input from sample `#base` on; the zeros before sample 0 are part of it. */
  #window: Float32Array;
  #windowLength: number;
  #base: number;
  #inputSamples = 0;
  #outputSamples = 0;
  /** Input sample before the next output sample, and its distance to it in 1/L. */
  #index = 0;
  #phase = 0;

  constructor({ inputRateHz, outputRateHz }: ResamplerOptions) {
    const divisor = greatestCommonDivisor(inputRateHz, outputRateHz);
    this.#up = outputRateHz / divisor;
    this.#down = inputRateHz / divisor;
    this.#bank = filterBank(this.#up, this.#down);
    this.#base = 1 - this.#bank.half;
    this.#windowLength = -this.#base;
    this.#window = new Float32Array(this.#windowLength);
  }

  /** Takes input and returns the output that it completes. */
  push(samples: Float32Array): Float32Array {
    this.#inputSamples += samples.length;
    if (this.#up === this.#down) return samples;
    this.#append(samples);
    const last = this.#base + this.#windowLength - 1 - this.#bank.half;
    return this.#produce(this.#outputsUpTo(last));
  }

  /** Returns what is left once the input has ended. */
  flush(): Float32Array {
    if (this.#up === this.#down) return new Float32Array(0);
    const total = Math.round((this.#inputSamples * this.#up) / this.#down);
    this.#append(new Float32Array(this.#bank.half + 1));
    return this.#produce(Math.max(0, total - this.#outputSamples));
  }

  /** How many further outputs have their earlier neighbour at or before input sample `last`. */
  #outputsUpTo(last: number): number {
    const ahead = (last + 1 - this.#index) * this.#up - this.#phase;
    return ahead <= 0 ? 0 : Math.ceil(ahead / this.#down);
  }

  #append(samples: Float32Array): void {
    const drop = Math.min(this.#windowLength, this.#index - this.#bank.half + 1 - this.#base);
    const kept = this.#windowLength - drop;
    const length = kept + samples.length;
    if (length > this.#window.length) {
      const grown = new Float32Array(length * 2);
      grown.set(this.#window.subarray(drop, this.#windowLength));
      this.#window = grown;
    } else {
      this.#window.copyWithin(0, drop, this.#windowLength);
    }
    this.#window.set(samples, kept);
    this.#windowLength = length;
    this.#base += drop;
  }

  #produce(count: number): Float32Array {
    const out = new Float32Array(count);
    const { phases, half } = this.#bank;
    const stepWhole = Math.floor(this.#down / this.#up);
    const stepPart = this.#down % this.#up;
    for (let n = 0; n < count; n += 1) {
      const start = this.#index - half + 1 - this.#base;
      const place = (this.#phase * phases) / this.#up;
      out[n] = this.#filter(start, place);
      this.#index += stepWhole;
      this.#phase += stepPart;
      if (this.#phase >= this.#up) {
        this.#phase -= this.#up;
        this.#index += 1;
      }
    }
    this.#outputSamples += count;
    return out;
  }

  #filter(start: number, place: number): number {
    const row = Math.floor(place);
    const share = place - row;
    const value = this.#dot(start, row);
    return share === 0 ? value : value + share * (this.#dot(start, row + 1) - value);
  }

  #dot(start: number, row: number): number {
    const { coefficients, half } = this.#bank;
    const window = this.#window;
    const taps = 2 * half;
    let at = row * taps;
    let sum = 0;
    for (let i = start; i < start + taps; i += 1, at += 1) {
      sum += (window[i] as number) * (coefficients[at] as number);
    }
    return sum;
  }
}

/** Rows of `2 · half` coefficients; row p is for an output p/phases after its earlier neighbour. */
interface FilterBank {
  readonly phases: number;
  readonly half: number;
  readonly coefficients: Float32Array;
}

/** Banks made so far: a stream's first audio shall not wait for the sines of a common ratio. */
const banks = new Map<string, FilterBank>();
const MAX_BANKS = 16;

function filterBank(up: number, down: number): FilterBank {
  const key = `${up}/${down}`;
  const known = banks.get(key);
  if (known) return known;
  const bank = makeBank(up, down);
  if (banks.size < MAX_BANKS) banks.set(key, bank);
  return bank;
}

function makeBank(up: number, down: number): FilterBank {
  const nyquist = 0.5 * Math.min(1, up / down);
  const transition = nyquist * (1 - PASS_BAND);
  const half = Math.ceil(kaiserLength(STOP_BAND_DB, transition) / 2);
  const cutoff = nyquist - transition / 2;
  const lowPass: LowPass = { cutoff, halfWidth: half, beta: kaiserBeta(STOP_BAND_DB) };
  const phases = Math.min(up, MAX_PHASES);
  const taps = 2 * half;
  // One row more than phases, so that the line from the last phase has an end.
  const coefficients = new Float32Array((phases + 1) * taps);
  for (let phase = 0; phase <= phases; phase += 1) {
    const row = Float64Array.from({ length: taps }, (_, tap) =>
      lowPassAt(lowPass, phase / phases - (tap + 1 - half)),
    );
    // Equal sums in all rows: a constant stays a constant, without images of 0 Hz.
    const gain = 1 / row.reduce((sum, value) => sum + value, 0);
    for (let tap = 0; tap < taps; tap += 1) {
      coefficients[phase * taps + tap] = (row[tap] ?? 0) * gain;
    }
  }
  return { phases, half, coefficients };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
