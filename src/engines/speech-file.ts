import { open, type FileHandle } from 'node:fs/promises';

import type { SpeechSpan } from './vad/span.js';

const BYTES_PER_SAMPLE = 2;

/** Decoded speech on disk, read in pieces, so that a long file never lies in memory. */
export class SpeechFile {
  readonly samples: number;
  readonly #file: FileHandle;

  /** @param samples Length of the audio; the file is signed 16-bit little-endian mono at 16 kHz. */
  static async open(path: string, samples: number): Promise<SpeechFile> {
    return new SpeechFile(await open(path), samples);
  }

  private constructor(file: FileHandle, samples: number) {
    this.#file = file;
    this.samples = samples;
  }

  /** Reads pieces, one after the other. */
  async read(pieces: readonly SpeechSpan[]): Promise<Int16Array> {
    const length = pieces.reduce((sum, { fromSample, toSample }) => sum + toSample - fromSample, 0);
    const bytes = new Uint8Array(length * BYTES_PER_SAMPLE);
    let at = 0;
    for (const { fromSample, toSample } of pieces) {
      const wanted = (toSample - fromSample) * BYTES_PER_SAMPLE;
      const position = fromSample * BYTES_PER_SAMPLE;
      const { bytesRead } = await this.#file.read(bytes, at, wanted, position);
      if (bytesRead < wanted) throw new Error('The decoded audio is shorter than it was said.');
      at += wanted;
    }
    return new Int16Array(bytes.buffer);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
