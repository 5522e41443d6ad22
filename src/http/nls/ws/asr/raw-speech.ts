import { parseWavFormat } from '../../../../audio/wav-format.js';
import { ChorusError } from '../../../../protocol/errors.js';

/** More before the samples is no header. */
const MAX_HEADER_BYTES = 64 * 1024;
const RIFF_BYTES = 12;
const CHUNK_BYTES = 8;
const NONE = new Uint8Array(0);

/** How a task's speech is sent. */
export interface SpeechFormat {
  readonly container: 'pcm' | 'wav';
  readonly sampleRateHz: number;
}

/**
 * Takes WAV headers off speech that is sent piece by piece: one at its beginning, which may be cut
 * anywhere, or one before each message, as FunSpeech has it. What has no header passes as it is.
 */
export class RawSpeech {
  readonly #format: SpeechFormat;
  /** A header, or what may become one. */
  #header: Buffer | undefined;
  #isFirst = true;

  constructor(format: SpeechFormat) {
    this.#format = format;
  }

  /**
   * Takes a message; gives the samples in it.
   * @throws ChorusError `unsupported_sample_rate`, `invalid_value` for a header of other speech.
   */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#format.container === 'pcm') return bytes;
    const isBegun = this.#header !== undefined;
    // A short first message may be the beginning of a header; a later one is not looked at closely.
    const may = this.#isFirst ? mayBeRiff(bytes) : bytes.length >= RIFF_BYTES && mayBeRiff(bytes);
    if (bytes.length > 0) this.#isFirst = false;
    if (!isBegun && !may) return bytes;
    const header = Buffer.concat([this.#header ?? NONE, bytes]);
    if (!mayBeRiff(header)) return this.#passed(header);
    const from = this.#samplesFrom(header);
    if (from !== undefined) return this.#passed(header.subarray(from));
    if (header.length > MAX_HEADER_BYTES) throw refused('the WAV header is too long');
    this.#header = header;
    return NONE;
  }

  #passed(bytes: Buffer): Buffer {
    this.#header = undefined;
    return bytes;
  }

  /** Where the samples begin; undefined = further on. */
  #samplesFrom(header: Buffer): number | undefined {
    let hasFormat = false;
    for (let at = RIFF_BYTES; at + CHUNK_BYTES <= header.length;) {
      const id = header.toString('latin1', at, at + 4);
      const length = header.readUInt32LE(at + 4);
      const body = at + CHUNK_BYTES;
      if (id === 'data') {
        if (!hasFormat) throw refused('the WAV header does not say what it holds');
        return body;
      }
      // Chunks begin at even places.
      const next = body + length + (length % 2);
      if (next > header.length) return undefined;
      if (id === 'fmt ') {
        this.#check(header.subarray(body, body + length));
        hasFormat = true;
      }
      at = next;
    }
    return undefined;
  }

  #check(chunk: Buffer): void {
    const format = parseWavFormat(chunk);
    if (format?.encoding !== 's16' || format.channels !== 1) {
      throw refused('the WAV has other samples than 16-bit mono');
    }
    const { sampleRateHz } = this.#format;
    if (format.sampleRateHz === sampleRateHz) return;
    const message = `sample_rate is ${sampleRateHz}, and the WAV header says ${format.sampleRateHz}.`;
    throw new ChorusError('unsupported_sample_rate', message, { param: 'sample_rate' });
  }
}

function mayBeRiff(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, RIFF_BYTES)).toString('latin1');
  return 'RIFF'.startsWith(text.slice(0, 4)) && 'WAVE'.startsWith(text.slice(8, RIFF_BYTES));
}

function refused(why: string): ChorusError {
  const message = `format wav: ${why}; send 16-bit mono.`;
  return new ChorusError('invalid_value', message, { param: 'format' });
}
