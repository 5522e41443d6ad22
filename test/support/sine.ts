/** A sine as mono float samples. */
export interface SineOptions {
  readonly rateHz: number;
  readonly seconds: number;
  readonly frequencyHz?: number;
  readonly amplitude?: number;
}

export function sine(options: SineOptions): Float32Array {
  const { rateHz, seconds, frequencyHz = 440, amplitude = 0.5 } = options;
  const out = new Float32Array(Math.round(seconds * rateHz));
  for (let i = 0; i < out.length; i += 1) {
    out[i] = amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz);
  }
  return out;
}

/** The bytes of float samples. */
export function floatBytes(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Signed 16-bit little-endian bytes as floats. */
export function fromS16(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from(
    { length: bytes.length >> 1 },
    (_, i) => view.getInt16(i * 2, true) / 32_768,
  );
}

/** Amplitude of the best-fitting sine of a frequency, and the rest's level against it in dB. */
export function fitSine(
  samples: Float32Array,
  rateHz: number,
  frequencyHz: number,
): { readonly amplitude: number; readonly phase: number; readonly residualDb: number } {
  const step = (2 * Math.PI * frequencyHz) / rateHz;
  let [ss, sc, cc, xs, xc] = [0, 0, 0, 0, 0];
  samples.forEach((x, i) => {
    const s = Math.sin(step * i);
    const c = Math.cos(step * i);
    ss += s * s;
    sc += s * c;
    cc += c * c;
    xs += x * s;
    xc += x * c;
  });
  const det = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / det;
  const b = (xc * ss - xs * sc) / det;
  let rest = 0;
  let fit = 0;
  samples.forEach((x, i) => {
    const model = a * Math.sin(step * i) + b * Math.cos(step * i);
    rest += (x - model) ** 2;
    fit += model ** 2;
  });
  const residualDb = 10 * Math.log10((rest + 1e-30) / (fit + 1e-30));
  return { amplitude: Math.hypot(a, b), phase: Math.atan2(b, a), residualDb };
}
