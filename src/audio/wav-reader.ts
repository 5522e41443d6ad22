import { ChorusError } from '../protocol/errors.js';
import { bytesPerSample, parseWavFormat, readWavFrames, type WavFormat } from './wav-format.js';

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const MAX_FORMAT_BYTES = 1_024;
/** Sizes of the file and of its data, 64 bits each (EBU Tech 3306, section 3). */
const DS64_BYTES = 16;
/** What a size field says when the real size stands in `ds64`. */
const SIZE_IN_DS64 = 0xff_ff_ff_ff;
/** Writers that stream put the largest size they can think of, signed or unsigned. */
const STREAMED_SIZE = 0x7f_ff_00_00;
const MAX_CHANNELS = 32;
const MIN_RATE_HZ = 1_000;
const MAX_RATE_HZ = 768_000;

/** Samples of equal length, one array per channel. */
export interface PcmBlock {
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}

type State =
  | { readonly at: 'riff' }
  | { readonly at: 'chunk' }
  | { readonly at: 'format'; readonly bytes: number; readonly skip: number }
  | { readonly at: 'sizes'; readonly skip: number }
  | { readonly at: 'skip'; readonly bytes: number }
  | { readonly at: 'data'; readonly bytes: number }
  | { readonly at: 'end' };

/**
 * Reads a WAV file that comes in chunks: plain PCM, floats and G.711, with any chunks before the
 * data. A size of 0 or near the maximum means "streamed": the data goes on until the file ends.
 */
export class WavReader {
  #pending: Buffer = Buffer.alloc(0);
  #state: State = { at: 'riff' };
  #format: WavFormat | undefined;
  #riffBytes = 0;
  #readBytes = 0;
  #longDataBytes = 0;

  /** Takes a chunk and returns the audio in it. */
  push(chunk: Uint8Array): PcmBlock[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const blocks: PcmBlock[] = [];
    while (this.#step(blocks)) {
      // Each step takes a header or a piece of a chunk.
    }
    return blocks;
  }

  /** Checks, once the file has ended, that it holds what its header declares. */
  finish(): void {
    const state = this.#state;
    if (state.at === 'end') return;
    if (state.at !== 'data') {
      if (this.#format && state.at === 'chunk' && this.#pending.length === 0) return;
      throw undecodable('The WAV file ends before its audio begins.');
    }
    if (state.bytes === Number.POSITIVE_INFINITY) return;
    const { missing, declared } = this.#seconds(state.bytes - this.#pending.length);
    if (missing <= 0) return;
    const found = (declared - missing).toFixed(2);
    throw undecodable(
      `The WAV file is truncated: it declares ${declared.toFixed(2)} s and holds ${found} s.`,
    );
  }

  #dataBytes = 0;

  #seconds(missingBytes: number): { readonly missing: number; readonly declared: number } {
    const bytesPerSecond = this.#frameBytes() * (this.#format?.sampleRateHz ?? 1);
    const slack = missingBytes > this.#frameBytes() ? missingBytes : 0;
    return { missing: slack / bytesPerSecond, declared: this.#dataBytes / bytesPerSecond };
  }

  #step(blocks: PcmBlock[]): boolean {
    const state = this.#state;
    switch (state.at) {
      case 'riff':
        return this.#readRiff();
      case 'chunk':
        return this.#readChunkHeader();
      case 'format':
        return this.#readFormat(state);
      case 'sizes':
        return this.#readSizes(state.skip);
      case 'skip':
        return this.#skip(state.bytes);
      case 'data':
        return this.#readData(state.bytes, blocks);
      case 'end':
        this.#pending = Buffer.alloc(0);
        return false;
    }
  }

  #take(bytes: number): Buffer {
    const taken = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    this.#readBytes += bytes;
    return taken;
  }

  #readRiff(): boolean {
    if (this.#pending.length < RIFF_HEADER_BYTES) return false;
    this.#riffBytes = this.#take(RIFF_HEADER_BYTES).readUInt32LE(4);
    this.#state = { at: 'chunk' };
    return true;
  }

  #readChunkHeader(): boolean {
    if (this.#pending.length < CHUNK_HEADER_BYTES) return false;
    const header = this.#take(CHUNK_HEADER_BYTES);
    const id = header.toString('latin1', 0, 4);
    const bytes = header.readUInt32LE(4);
    const padded = bytes + (bytes % 2);
    if (id === 'data') this.#beginData(bytes);
    else if (id === 'ds64' && bytes >= DS64_BYTES) {
      this.#state = { at: 'sizes', skip: padded - DS64_BYTES };
    } else if (id !== 'fmt ') this.#state = { at: 'skip', bytes: padded };
    else if (bytes > MAX_FORMAT_BYTES) throw undecodable('The WAV file has no usable format.');
    else this.#state = { at: 'format', bytes, skip: padded - bytes };
    return true;
  }

  #beginData(bytes: number): void {
    if (!this.#format) throw undecodable('The WAV file names no format before its audio.');
    // An empty data chunk is honest only if the outer size counts chunks that follow it.
    const riffEnd = this.#riffBytes + CHUNK_HEADER_BYTES;
    const outerKnown = this.#riffBytes < STREAMED_SIZE && riffEnd > this.#readBytes;
    const streamed = bytes >= STREAMED_SIZE || (bytes === 0 && !outerKnown);
    const long = bytes === SIZE_IN_DS64 && this.#longDataBytes > 0;
    if (long) this.#dataBytes = this.#longDataBytes;
    else this.#dataBytes = streamed ? Number.POSITIVE_INFINITY : bytes;
    this.#state = { at: 'data', bytes: this.#dataBytes };
  }

  #readSizes(skip: number): boolean {
    if (this.#pending.length < DS64_BYTES) return false;
    this.#longDataBytes = Number(this.#take(DS64_BYTES).readBigUInt64LE(8));
    this.#state = { at: 'skip', bytes: skip };
    return true;
  }

  #readFormat({ bytes, skip }: { readonly bytes: number; readonly skip: number }): boolean {
    if (this.#pending.length < bytes) return false;
    const format = parseWavFormat(this.#take(bytes));
    if (!format || format.encoding === undefined) {
      throw undecodable('The WAV file has a sample format that Chorus does not know.');
    }
    const { channels, sampleRateHz } = format;
    if (channels < 1 || channels > MAX_CHANNELS) {
      throw undecodable(`A WAV file may have 1 to ${MAX_CHANNELS} channels, not ${channels}.`);
    }
    if (sampleRateHz < MIN_RATE_HZ || sampleRateHz > MAX_RATE_HZ) {
      const bounds = `${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz`;
      throw undecodable(`A WAV file may have ${bounds}, not ${sampleRateHz}.`);
    }
    this.#format = format;
    this.#state = { at: 'skip', bytes: skip };
    return true;
  }

  #skip(bytes: number): boolean {
    const taken = Math.min(bytes, this.#pending.length);
    this.#take(taken);
    const left = bytes - taken;
    this.#state = left === 0 ? { at: 'chunk' } : { at: 'skip', bytes: left };
    return left === 0;
  }

  #readData(left: number, blocks: PcmBlock[]): boolean {
    const usable = Math.min(left, this.#pending.length);
    const frameBytes = this.#frameBytes();
    const whole = usable - (usable % frameBytes);
    if (whole > 0 && this.#format) {
      const channels = readWavFrames(this.#take(whole), this.#format);
      blocks.push({ sampleRateHz: this.#format.sampleRateHz, channels });
    }
    const rest = left - whole;
    this.#state = rest < frameBytes ? { at: 'end' } : { at: 'data', bytes: rest };
    return this.#state.at === 'end';
  }

  #frameBytes(): number {
    const { encoding, channels } = this.#format ?? { encoding: undefined, channels: 1 };
    return encoding === undefined ? 1 : bytesPerSample(encoding) * channels;
  }
}

function undecodable(message: string): ChorusError {
  return new ChorusError('undecodable_audio', message, { param: 'file' });
}
