/** How one channel's sample lies in a WAV file. */
export type WavEncoding = 'u8' | 's16' | 's24' | 's32' | 'f32' | 'f64' | 'alaw' | 'mulaw';

/** What a `fmt ` chunk says. */
export interface WavFormat {
  /** Undefined for codecs that are not plain samples (ADPCM, GSM, MP3 …). */
  readonly encoding: WavEncoding | undefined;
  readonly channels: number;
  readonly sampleRateHz: number;
}

/** Format tags of `mmreg.h`. */
const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_ALAW = 6;
const TAG_MULAW = 7;
const TAG_EXTENSIBLE = 0xff_fe;
/** Where WAVE_FORMAT_EXTENSIBLE keeps the first two bytes of its sub-format. */
const SUB_FORMAT_OFFSET = 24;

const PCM_ENCODINGS: Readonly<Record<number, WavEncoding>> = {
  8: 'u8',
  16: 's16',
  24: 's24',
  32: 's32',
};
const FLOAT_ENCODINGS: Readonly<Record<number, WavEncoding>> = { 32: 'f32', 64: 'f64' };

const BYTES: Readonly<Record<WavEncoding, number>> = {
  u8: 1,
  s16: 2,
  s24: 3,
  s32: 4,
  f32: 4,
  f64: 8,
  alaw: 1,
  mulaw: 1,
};

/** Bytes of one sample of one channel. */
export function bytesPerSample(encoding: WavEncoding): number {
  return BYTES[encoding];
}

/** Reads the body of a `fmt ` chunk; undefined if it is too short to be one. */
export function parseWavFormat(chunk: Buffer): WavFormat | undefined {
  if (chunk.length < 16) return undefined;
  const bits = chunk.readUInt16LE(14);
  let tag = chunk.readUInt16LE(0);
  if (tag === TAG_EXTENSIBLE && chunk.length >= SUB_FORMAT_OFFSET + 2) {
    tag = chunk.readUInt16LE(SUB_FORMAT_OFFSET);
  }
  return {
    encoding: encodingOf(tag, bits),
    channels: chunk.readUInt16LE(2),
    sampleRateHz: chunk.readUInt32LE(4),
  };
}

function encodingOf(tag: number, bits: number): WavEncoding | undefined {
  if (tag === TAG_PCM) return PCM_ENCODINGS[bits];
  if (tag === TAG_FLOAT) return FLOAT_ENCODINGS[bits];
  if (tag === TAG_ALAW && bits === 8) return 'alaw';
  return tag === TAG_MULAW && bits === 8 ? 'mulaw' : undefined;
}

type ReadSample = (data: DataView, offset: number) => number;

const READERS: Readonly<Record<WavEncoding, ReadSample>> = {
  u8: (data, at) => (data.getUint8(at) - 128) / 128,
  s16: (data, at) => data.getInt16(at, true) / 32_768,
  s24: (data, at) => (data.getUint16(at, true) + data.getInt8(at + 2) * 65_536) / 8_388_608,
  s32: (data, at) => data.getInt32(at, true) / 2_147_483_648,
  f32: (data, at) => data.getFloat32(at, true),
  f64: (data, at) => data.getFloat64(at, true),
  alaw: (data, at) => alawToLinear(data.getUint8(at)) / 32_768,
  mulaw: (data, at) => mulawToLinear(data.getUint8(at)) / 32_768,
};

/** Splits interleaved frames into one array of floats per channel. */
export function readWavFrames(bytes: Uint8Array, format: WavFormat): Float32Array[] {
  const { channels, encoding } = format;
  if (encoding === undefined) return [];
  const step = BYTES[encoding];
  const read = READERS[encoding];
  const frames = Math.floor(bytes.length / (step * channels));
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(frames);
    for (let i = 0, at = channel * step; i < frames; i += 1, at += step * channels) {
      const value = read(data, at);
      // A float file may hold anything: NaN and infinities must not spread through filters.
      out[i] = Number.isFinite(value) ? value : 0;
    }
    return out;
  });
}

/** ITU-T G.711 A-law: sign, 3 bits of exponent, 4 of mantissa, even bits inverted; 16-bit scale. */
function alawToLinear(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
}

/** ITU-T G.711 µ-law: all bits inverted, bias 33 (132 at 16-bit scale). */
function mulawToLinear(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}
