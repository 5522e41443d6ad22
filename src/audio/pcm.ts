/** Full scale of signed 16-bit samples: −1 maps to −32,768, and +1 is clamped to 32,767. */
const S16_SCALE = 32_768;
const S16_MAX = 32_767;

/**
 * Converts float samples in [−1, 1] to signed 16-bit ones: rounded to the nearest, clamped beyond
 * full scale. A NaN becomes silence, because one bad sample must not become a loud one.
 */
export function floatToS16(samples: Float32Array): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    const scaled = Math.round((samples[i] ?? 0) * S16_SCALE);
    out[i] = scaled > S16_MAX ? S16_MAX : scaled < -S16_SCALE ? -S16_SCALE : scaled;
  }
  return out;
}

/** Gives the samples' bytes in the machine's order (little-endian on every platform of Node 20). */
export function s16Bytes(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Averages channels of equal length into one. */
export function downmix(channels: readonly Float32Array[]): Float32Array {
  const [first] = channels;
  if (first === undefined) return new Float32Array(0);
  if (channels.length === 1) return first;
  const out = new Float32Array(first.length);
  const gain = 1 / channels.length;
  for (const channel of channels) {
    for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) + (channel[i] ?? 0) * gain;
  }
  return out;
}

/** Cuts a byte stream of 32-bit little-endian floats into samples; keeps a split one for later. */
export class FloatReader {
  #carry: Uint8Array = new Uint8Array(0);

  /** Takes bytes and returns the samples that they complete, in memory of their own. */
  push(bytes: Uint8Array): Float32Array {
    const total = this.#carry.length + bytes.length;
    const whole = total - (total % 4);
    const joined = new Uint8Array(total);
    joined.set(this.#carry);
    joined.set(bytes, this.#carry.length);
    this.#carry = joined.slice(whole);
    return new Float32Array(joined.buffer, 0, whole / 4);
  }
}
