/** FLAC of constants: RFC 9639, sections 8.2, 9.1 and 9.2.3. A few bytes stand for many samples. */

const BITS = 16;
const RATE_CODES: Readonly<Record<number, number>> = { 8_000: 4, 16_000: 5, 48_000: 10 };
const RATE_IN_HZ = 13;

/** Layout of a file whose channels hold one value each. */
export interface ConstantFlacOptions {
  readonly sampleRateHz: number;
  readonly channels?: number;
  readonly frames: number;
  readonly blockSamples?: number;
  /** What STREAMINFO declares; 0 says "unknown". By default the truth. */
  readonly declaredSamples?: number;
  /** Rate of a frame, where it is not that of the file. */
  readonly rateOfFrame?: (frame: number) => number;
}

/** Makes a whole file; its blocks are as large as the format allows, unless told otherwise. */
export function constantFlac(options: ConstantFlacOptions): Buffer {
  const { sampleRateHz, channels = 1, frames, blockSamples = 65_535, rateOfFrame } = options;
  const samples = options.declaredSamples ?? frames * blockSamples;
  const bodies = Array.from({ length: frames }, (_, number) =>
    frame({ number, channels, blockSamples, rateHz: rateOfFrame?.(number) ?? sampleRateHz }),
  );
  return Buffer.concat([streamInfo({ sampleRateHz, channels, blockSamples, samples }), ...bodies]);
}

interface StreamInfo {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly blockSamples: number;
  readonly samples: number;
}

function streamInfo({ sampleRateHz, channels, blockSamples, samples }: StreamInfo): Buffer {
  const head = Buffer.alloc(42);
  head.write('fLaC', 0, 'latin1');
  // The last metadata block, STREAMINFO, of 34 bytes.
  head.writeUInt32BE(0x80_00_00_22, 4);
  head.writeUInt16BE(blockSamples, 8);
  head.writeUInt16BE(blockSamples, 10);
  const packed =
    (BigInt(sampleRateHz) << 44n) |
    (BigInt(channels - 1) << 41n) |
    (BigInt(BITS - 1) << 36n) |
    BigInt(samples);
  head.writeBigUInt64BE(packed, 18);
  return head;
}

interface Frame {
  readonly number: number;
  readonly channels: number;
  readonly blockSamples: number;
  readonly rateHz: number;
}

function frame({ number, channels, blockSamples, rateHz }: Frame): Buffer {
  const rateCode = RATE_CODES[rateHz] ?? RATE_IN_HZ;
  const size = blockSamples - 1;
  const head = Buffer.from([
    ...[0xff, 0xf8, 0x70 | rateCode, ((channels - 1) << 4) | 8],
    ...Buffer.from(String.fromCodePoint(number)),
    ...[size >> 8, size & 255],
    ...(rateCode === RATE_IN_HZ ? [rateHz >> 8, rateHz & 255] : []),
  ]);
  // A constant subframe: its kind, and the one value.
  const body = Buffer.concat([
    head,
    Buffer.of(crc(head, { bits: 8, polynomial: 0x07 })),
    Buffer.alloc(3 * channels),
  ]);
  const footer = Buffer.alloc(2);
  footer.writeUInt16BE(crc(body, { bits: 16, polynomial: 0x80_05 }));
  return Buffer.concat([body, footer]);
}

function crc(
  bytes: Uint8Array,
  { bits, polynomial }: { readonly bits: 8 | 16; readonly polynomial: number },
): number {
  const top = 1 << (bits - 1);
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit += 1) {
      value = (value & top) !== 0 ? (value << 1) ^ polynomial : value << 1;
    }
    value &= 2 ** bits - 1;
  }
  return value;
}
