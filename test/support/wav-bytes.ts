/** A WAV file as bytes, right or wrong in any of its fields. */
export interface WavBytesOptions {
  /** Format tag: 1 PCM, 3 float, 6 A-law, 7 µ-law. */
  readonly tag?: number;
  readonly bits?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly data: Buffer;
  /** What the header says of the data's length; by default the truth. */
  readonly dataBytes?: number;
  /** Writes the format as WAVE_FORMAT_EXTENSIBLE. */
  readonly extensible?: boolean;
  /** First letters of the file. */
  readonly riff?: string;
  /** Chunks between the format and the data. */
  readonly before?: Buffer;
}

const TAG_EXTENSIBLE = 0xff_fe;

/** Makes a WAV file. */
export function wavBytes(options: WavBytesOptions): Buffer {
  const { data, before = Buffer.alloc(0), dataBytes = data.length, riff = 'RIFF' } = options;
  const chunks = [wavChunk('fmt ', format(options)), before, wavChunk('data', data, dataBytes)];
  return wavChunk(riff, Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

/** Makes a chunk, padded to an even length. */
export function wavChunk(id: string, body: Buffer, bytes = body.length): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 0, 'latin1');
  header.writeUInt32LE(bytes, 4);
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}

function format(options: WavBytesOptions): Buffer {
  const { tag = 1, bits = 16, channels = 1, rateHz = 16_000, extensible = false } = options;
  const frameBytes = (channels * bits) / 8;
  const body = Buffer.alloc(extensible ? 40 : 16);
  body.writeUInt16LE(extensible ? TAG_EXTENSIBLE : tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rateHz, 4);
  body.writeUInt32LE(rateHz * frameBytes, 8);
  body.writeUInt16LE(frameBytes, 12);
  body.writeUInt16LE(bits, 14);
  if (extensible) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(bits, 18);
    body.writeUInt16LE(tag, 24);
  }
  return body;
}
