import { open, type FileHandle } from 'node:fs/promises';

import { downmix, floatToS16, s16Bytes } from '../audio/pcm.js';
import { Resampler } from '../audio/resampler.js';
import type { PcmBlock } from '../audio/wav-reader.js';
import { ChorusError } from '../protocol/errors.js';

/**
 * A few MB of compressed silence can stand for years, and every request holds its PCM on disk. Six
 * hours are longer than a session of speech and take 690 MB at 16 kHz.
 */
const MAX_SECONDS = 6 * 3_600;
const MIN_RATE_HZ = 1_000;

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
      this.#inputRateHz = sampleRateHz;
      this.#resampler = new Resampler({
        inputRateHz: Math.max(MIN_RATE_HZ, Math.round(sampleRateHz)),
        outputRateHz: this.#rateHz,
      });
    }
    await this.#append(this.#resampler.push(downmix(channels)));
  }

  /** Writes what the resampler still holds. */
  async finish(): Promise<void> {
    await this.#flush();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#resampler) await this.#append(this.#resampler.flush());
    this.#resampler = undefined;
  }

  async #append(samples: Float32Array): Promise<void> {
    if (samples.length === 0) return;
    this.samples += samples.length;
    if (this.samples > MAX_SECONDS * this.#rateHz) {
      const message = `The file holds more than ${MAX_SECONDS / 3_600} hours of audio.`;
      throw new ChorusError('undecodable_audio', message, { param: 'file' });
    }
    await this.#file.appendFile(s16Bytes(floatToS16(samples)));
  }
}
