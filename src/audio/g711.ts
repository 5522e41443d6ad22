/**
 * Telephone speech: ITU-T G.711, 8 bits a sample at 8 kHz. Each byte is a sign, a segment (exponent) of
 * three bits and four bits of mantissa; every value is looked up in a table of 256.
 */

/** Rate of G.711. */
export const G711_RATE_HZ = 8_000;

/** What μ-law adds before it takes the logarithm; 14-bit values are scaled to 16 bits. */
const MU_BIAS = 132;
/** A-law sends every second bit inverted. */
const A_INVERTED = 0x55;

const MU_LAW = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = 255 - byte;
  const size = ((((value & 15) << 3) + MU_BIAS) << ((value >> 4) & 7)) - MU_BIAS;
  return value & 128 ? -size : size;
});

const A_LAW = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = byte ^ A_INVERTED;
  const segment = (value >> 4) & 7;
  const step = ((value & 15) << 4) + 8;
  const size = segment === 0 ? step : (step + 256) << (segment - 1);
  return value & 128 ? size : -size;
});

/** Decodes μ-law (PCMU). */
export function decodeMuLaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => MU_LAW[byte] as number);
}

/** Decodes A-law (PCMA). */
export function decodeALaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => A_LAW[byte] as number);
}
