/** FLAC frame headers: RFC 9639, section 9.1. */

/** What a frame header says. */
export interface FlacFrame {
  readonly headerBytes: number;
  readonly blockSamples: number;
  /** 0 where the header leaves it to STREAMINFO. */
  readonly sampleRateHz: number;
  /** Number of the frame, or of its first sample where block sizes vary. */
  readonly number: number;
  readonly variable: boolean;
  /** The codes of block size, rate, channels and bits, which differ little within a file. */
  readonly layout: number;
}

/** The longest header: a number of seven bytes, two bytes each for block size and rate. */
export const MAX_FRAME_HEADER_BYTES = 16;

/** Rates in Hz by code. */
const RATES_HZ = [
  0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
] as const;
const RATE_IN_KHZ = 12;
const RATE_IN_HZ = 13;
const RATE_IN_TENS = 14;
const BLOCK_IN_BYTE = 6;
const BLOCK_IN_WORD = 7;
const MAX_CHANNEL_CODE = 10;
const RESERVED_BITS_CODE = 3;

/** Reads the frame header at `offset`; undefined if there is none, or not all of it. */
export function parseFlacFrame(bytes: Uint8Array, offset: number): FlacFrame | undefined {
  if (bytes[offset] !== 0xff || ((bytes[offset + 1] ?? 0) & 0xfe) !== 0xf8) return undefined;
  const blockCode = (bytes[offset + 2] ?? 0) >> 4;
  const rateCode = (bytes[offset + 2] ?? 0) & 15;
  if (blockCode === 0 || rateCode === 15 || !layoutKnown(bytes[offset + 3] ?? 0)) return undefined;
  const number = codedNumber(bytes, offset + 4);
  if (number === undefined) return undefined;
  const blockAt = offset + 4 + number.bytes;
  const block = blockSize(bytes, { at: blockAt, code: blockCode });
  const rate = sampleRate(bytes, { at: blockAt + block.bytes, code: rateCode });
  const end = blockAt + block.bytes + rate.bytes;
  if (end >= bytes.length || crc8(bytes, offset, end) !== bytes[end]) return undefined;
  return {
    headerBytes: end + 1 - offset,
    blockSamples: block.value,
    sampleRateHz: rate.value,
    number: number.value,
    variable: (bytes[offset + 1] ?? 0) === 0xf9,
    layout: (bytes[offset + 2] ?? 0) * 256 + (bytes[offset + 3] ?? 0),
  };
}

/** Frames within which one that comes later is looked for: chance finds none so near. */
const LATER_FRAMES = 1_000;

/** Whether a header is that of a frame soon after another one of the same file, by its number. */
export function comesLater(frame: FlacFrame, before: FlacFrame): boolean {
  if (frame.variable !== before.variable || frame.layout !== before.layout) return false;
  const ahead = frame.number - before.number;
  return ahead > 0 && ahead <= LATER_FRAMES * (before.variable ? before.blockSamples : 1);
}

/** Channels in the upper half, bits of a sample below, a zero at the end. */
function layoutKnown(byte: number): boolean {
  const bitsCode = (byte >> 1) & 7;
  return byte >> 4 <= MAX_CHANNEL_CODE && bitsCode !== RESERVED_BITS_CODE && (byte & 1) === 0;
}

interface Field {
  readonly value: number;
  readonly bytes: number;
}

interface Place {
  readonly at: number;
  readonly code: number;
}

function blockSize(bytes: Uint8Array, { at, code }: Place): Field {
  const first = bytes[at] ?? 0;
  if (code === BLOCK_IN_BYTE) return { value: first + 1, bytes: 1 };
  if (code === BLOCK_IN_WORD) return { value: first * 256 + (bytes[at + 1] ?? 0) + 1, bytes: 2 };
  if (code === 1) return { value: 192, bytes: 0 };
  return { value: code < BLOCK_IN_BYTE ? 144 << code : 1 << code, bytes: 0 };
}

function sampleRate(bytes: Uint8Array, { at, code }: Place): Field {
  const first = bytes[at] ?? 0;
  const word = first * 256 + (bytes[at + 1] ?? 0);
  if (code === RATE_IN_KHZ) return { value: first * 1_000, bytes: 1 };
  if (code === RATE_IN_HZ) return { value: word, bytes: 2 };
  if (code === RATE_IN_TENS) return { value: word * 10, bytes: 2 };
  return { value: RATES_HZ[code] ?? 0, bytes: 0 };
}

/** A number in the way of UTF-8, with up to seven bytes. */
function codedNumber(bytes: Uint8Array, at: number): Field | undefined {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return { value: first, bytes: 1 };
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return undefined;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i += 1) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return undefined;
    // 36 bits: more than the bitwise operators take.
    value = value * 64 + (next & 0x3f);
  }
  return { value, bytes: length };
}

/** Polynomial x⁸ + x² + x + 1. */
const CRC8 = Uint8Array.from({ length: 256 }, (_, byte) => shifted(byte, 8, 0x07));
/** Polynomial x¹⁶ + x¹⁵ + x² + 1. */
const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => shifted(byte << 8, 16, 0x80_05));

function shifted(start: number, bits: number, polynomial: number): number {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) {
    value = (value & (1 << (bits - 1))) === 0 ? value << 1 : (value << 1) ^ polynomial;
  }
  return value & (2 ** bits - 1);
}

function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at += 1) crc = CRC8[crc ^ (bytes[at] as number)] as number;
  return crc;
}

/** Carries a frame's checksum on by one byte; over a whole frame with its footer it is 0. */
export function frameCrc16(crc: number, byte: number): number {
  return ((crc << 8) & 0xff_ff) ^ (CRC16[(crc >> 8) ^ byte] as number);
}
