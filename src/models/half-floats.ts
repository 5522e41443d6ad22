/** 16-bit floats (IEEE 754 binary16), which are kept as their bits. */

/** Turns 16-bit floats into numbers: one table look-up each. */
export function halfToFloat(bits: Uint16Array): Float32Array {
  const table = halfTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i] ?? 0] ?? 0;
  return out;
}

let table: Float32Array | undefined;

/** All 65,536 halves as floats (IEEE 754 binary16). */
function halfTable(): Float32Array {
  if (table) return table;
  const made = new Float32Array(65_536);
  for (let bits = 0; bits < made.length; bits++) made[bits] = halfValue(bits);
  table = made;
  return made;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Turns numbers into 16-bit floats, ties to even. */
export function floatToHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = halfBits(bits[i] ?? 0);
  return out;
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  if (exponent >= 31) return sign | 0x7c00;
  // A subnormal half keeps the hidden one in its fraction, shifted down.
  const shift = exponent > 0 ? 13 : 14 - exponent;
  if (shift > 24) return sign;
  const fraction = exponent > 0 ? bits & 0x7fffff : (bits & 0x7fffff) | 0x800000;
  const kept = (exponent > 0 ? exponent << 10 : 0) + (fraction >>> shift);
  const rest = fraction & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = rest > half || (rest === half && (kept & 1) === 1);
  return sign | (kept + (up ? 1 : 0));
}
