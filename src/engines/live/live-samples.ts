import { floatToS16 } from '../../audio/pcm.js';
import { Resampler } from '../../audio/resampler.js';
import { LIVE_RATE_HZ } from './ports.js';

const S16_SCALE = 32_768;
const SAMPLE_BYTES = Int16Array.BYTES_PER_ELEMENT;

/**
 * Turns the bytes of a live stream, signed 16-bit little-endian mono at any rate, into samples at
 * 16 kHz. Chunks may end within a sample; how they are cut changes nothing.
 */
export class LiveSamples {
  readonly #resampler: Resampler | undefined;
  #half: Uint8Array = new Uint8Array(0);

  constructor(sampleRateHz: number) {
    const rates = { inputRateHz: sampleRateHz, outputRateHz: LIVE_RATE_HZ };
    this.#resampler = sampleRateHz === LIVE_RATE_HZ ? undefined : new Resampler(rates);
  }

  /** Takes bytes and returns the samples that they complete. */
  push(bytes: Uint8Array): Int16Array {
    const total = this.#half.length + bytes.length;
    const whole = total - (total % SAMPLE_BYTES);
    const joined = new Uint8Array(total);
    joined.set(this.#half);
    joined.set(bytes, this.#half.length);
    this.#half = joined.slice(whole);
    const pcm = new Int16Array(joined.buffer, 0, whole / SAMPLE_BYTES);
    return this.#resampler ? floatToS16(this.#resampler.push(floatsOf(pcm))) : pcm;
  }

  /** The last samples, when no bytes follow. */
  flush(): Int16Array {
    return this.#resampler ? floatToS16(this.#resampler.flush()) : new Int16Array(0);
  }
}

function floatsOf(pcm: Int16Array): Float32Array {
  const out = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) out[i] = (pcm[i] as number) / S16_SCALE;
  return out;
}
