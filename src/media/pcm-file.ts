import { open, type FileHandle } from 'node:fs/promises';

import { downmix, floatToS16, s16Bytes } from '../audio/pcm.js';
import { Resampler } from '../audio/resampler.js';
import type { PcmBlock } from '../audio/wav-reader.js';
import { checkLength, undecodable } from './decoders/decoder.js';

/** What the recordings of the world have; a filter for other rates would take endless memory. */
const MIN_RATE_HZ = 1_000;
const MAX_RATE_HZ = 768_000;
/** Chained files may change their rate; each new one costs the making of a filter. */
const MAX_RATE_CHANGES = 32;

/** Frames of compressed audio are small: each written by itself would cost as much as decoding. */
const WRITE_BYTES = 64 * 1024;

/** Where decoded audio goes, and at which rate. */
export interface PcmFileOptions {
  readonly path: string;
  readonly sampleRateHz: number;
}

/** Writes audio of any layout as mono 16-bit PCM of one rate. */
export class PcmFile {
  samples = 0;
  readonly #file: FileHandle;
  readonly #rateHz: number;
  #resampler: Resampler | undefined;
  #inputRateHz = 0;
  #rateChanges = 0;
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;

  private constructor(file: FileHandle, rateHz: number) {
    this.#file = file;
    this.#rateHz = rateHz;
  }

  /** Creates the file, for its owner only; one that exists is an error. */
  static async create({ path, sampleRateHz }: PcmFileOptions): Promise<PcmFile> {
    return new PcmFile(await open(path, 'wx', 0o600), sampleRateHz);
  }

  /** Adds audio. A rate that changes in the middle of a file is followed. */
  async write({ sampleRateHz, channels }: PcmBlock): Promise<void> {
    if (sampleRateHz !== this.#inputRateHz || !this.#resampler) {
      await this.#flush();
      this.#resampler = this.#resamplerFrom(sampleRateHz);
    }
    await this.#append(this.#resampler.push(downmix(channels)));
  }

  /** Writes what the resampler still holds, and all that was not written yet. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writeOut();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #resamplerFrom(sampleRateHz: number): Resampler {
    if (!(sampleRateHz >= MIN_RATE_HZ && sampleRateHz <= MAX_RATE_HZ)) {
      const bounds = `${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz`;
      throw undecodable(`A file may have ${bounds}, not ${sampleRateHz}.`);
    }
    this.#rateChanges += 1;
    if (this.#rateChanges > MAX_RATE_CHANGES) {
      throw undecodable(`The file changes its sample rate more than ${MAX_RATE_CHANGES} times.`);
    }
    this.#inputRateHz = sampleRateHz;
    return new Resampler({
      inputRateHz: Math.round(sampleRateHz),
      outputRateHz: this.#rateHz,
    });
  }

  async #flush(): Promise<void> {
    if (this.#resampler) await this.#append(this.#resampler.flush());
    this.#resampler = undefined;
  }

  async #append(samples: Float32Array): Promise<void> {
    if (samples.length === 0) return;
    this.samples += samples.length;
    checkLength(this.samples / this.#rateHz);
    const bytes = s16Bytes(floatToS16(samples));
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += bytes.length;
    if (this.#unwrittenBytes >= WRITE_BYTES) await this.#writeOut();
  }

  async #writeOut(): Promise<void> {
    await this.#file.appendFile(Buffer.concat(this.#unwritten));
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
  }
}
