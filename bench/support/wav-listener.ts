/** Share of full scale from which on a sample counts as heard. */
const AUDIBLE = 0.01 * 32_768;
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_BYTES = 16;

interface Format {
  readonly channels: number;
  readonly sampleRateHz: number;
}

/**
 * Listens to a WAV file (16-bit PCM) as it arrives, in pieces of any size, and tells when the first
 * audible sample came. The lengths in the header are not believed: a streamed file does not know
 * its own; everything after the head of the data chunk is audio.
 */
export class WavListener {
  #head = Buffer.alloc(0);
  #odd: number | undefined;
  #format: Format | undefined;
  #inData = false;
  #audioBytes = 0;
  #firstAudibleMs: number | undefined;
  #silentBytes = 0;

  /** Takes the bytes that arrived at a moment. */
  take(bytes: Buffer, atMs: number): void {
    if (this.#inData) this.#listen(bytes, atMs);
    else this.#readHead(bytes, atMs);
  }

  /** When the first audible sample came; undefined = silence so far. */
  get firstAudibleMs(): number | undefined {
    return this.#firstAudibleMs;
  }

  /** Length of the audio received so far. */
  get audioSeconds(): number {
    return this.#secondsOf(this.#audioBytes);
  }

  /** Length of the silence before the first audible sample; undefined = silence so far. */
  get silentSeconds(): number | undefined {
    return this.#firstAudibleMs === undefined ? undefined : this.#secondsOf(this.#silentBytes);
  }

  #secondsOf(bytes: number): number {
    const format = this.#format;
    return format === undefined ? 0 : bytes / 2 / format.channels / format.sampleRateHz;
  }

  #readHead(bytes: Buffer, atMs: number): void {
    this.#head = Buffer.concat([this.#head, bytes]);
    let offset = RIFF_HEADER_BYTES;
    while (this.#head.length >= offset + CHUNK_HEADER_BYTES) {
      const name = this.#head.toString('latin1', offset, offset + 4);
      const size = this.#head.readUInt32LE(offset + 4);
      const body = offset + CHUNK_HEADER_BYTES;
      if (name === 'data') {
        this.#inData = true;
        this.#listen(this.#head.subarray(body), atMs);
        return;
      }
      if (name === 'fmt ' && this.#head.length >= body + FORMAT_BYTES) this.#readFormat(body);
      offset = body + size + (size % 2);
    }
  }

  #readFormat(offset: number): void {
    const bits = this.#head.readUInt16LE(offset + 14);
    if (bits !== 16) throw new Error(`Expected 16 bits a sample, got ${bits}.`);
    this.#format = {
      channels: this.#head.readUInt16LE(offset + 2),
      sampleRateHz: this.#head.readUInt32LE(offset + 4),
    };
  }

  #listen(bytes: Buffer, atMs: number): void {
    this.#audioBytes += bytes.length;
    if (this.#firstAudibleMs !== undefined) return;
    const whole = this.#odd === undefined ? bytes : Buffer.concat([Buffer.of(this.#odd), bytes]);
    const audible = firstAudible(whole);
    if (audible === undefined) {
      this.#odd = whole.length % 2 === 1 ? whole.at(-1) : undefined;
      return;
    }
    this.#firstAudibleMs = atMs;
    this.#silentBytes = this.#audioBytes - whole.length + audible;
  }
}

/** Where the first audible sample of signed 16-bit audio begins, in bytes; undefined = silence. */
export function firstAudible(pcm: Buffer): number | undefined {
  for (let offset = 0; offset + 1 < pcm.length; offset += 2) {
    if (Math.abs(pcm.readInt16LE(offset)) > AUDIBLE) return offset;
  }
  return undefined;
}

/** Where the last audible sample of signed 16-bit audio ends, in bytes; undefined = silence. */
export function lastAudible(pcm: Buffer): number | undefined {
  for (let offset = pcm.length - (pcm.length % 2) - 2; offset >= 0; offset -= 2) {
    if (Math.abs(pcm.readInt16LE(offset)) > AUDIBLE) return offset + 2;
  }
  return undefined;
}
