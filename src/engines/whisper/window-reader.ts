import { open, type FileHandle } from 'node:fs/promises';

import { MEL_FRAME_SAMPLES, MEL_HOP_SAMPLES } from '../../audio/mel.js';

/** Frames of a whole window: 30 s. */
export const WINDOW_FRAMES = 3000;

/** Samples around a window that its first and last frames look at. */
const MARGIN_SAMPLES = MEL_FRAME_SAMPLES / 2;
const BYTES_PER_SAMPLE = 2;

/** The samples of a window with the margins that its features need. */
export interface PcmWindow {
  readonly pcm: Int16Array;
  /** Samples in front of the centre of the first frame. */
  readonly lead: number;
  readonly frames: number;
}

/** Reads decoded speech window by window, so that a long file never lies in memory. */
export class WindowReader {
  /** 10 ms frames that the audio fills. */
  readonly frames: number;
  readonly #file: FileHandle;
  readonly #samples: number;

  /** @param samples Length of the audio; the file is signed 16-bit little-endian mono at 16 kHz. */
  static async open(path: string, samples: number): Promise<WindowReader> {
    return new WindowReader(await open(path), samples);
  }

  private constructor(file: FileHandle, samples: number) {
    this.#file = file;
    this.#samples = samples;
    this.frames = Math.floor(samples / MEL_HOP_SAMPLES);
  }

  /** The window that starts at a frame; up to 30 s. */
  async read(seekFrame: number): Promise<PcmWindow> {
    const frames = Math.min(WINDOW_FRAMES, this.frames - seekFrame);
    const centre = seekFrame * MEL_HOP_SAMPLES;
    const start = Math.max(0, centre - MARGIN_SAMPLES);
    const end = Math.min(this.#samples, centre + frames * MEL_HOP_SAMPLES + MARGIN_SAMPLES);
    const bytes = new Uint8Array((end - start) * BYTES_PER_SAMPLE);
    const position = start * BYTES_PER_SAMPLE;
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, position);
    if (bytesRead < bytes.length) throw new Error('The decoded audio is shorter than it was said.');
    return { pcm: new Int16Array(bytes.buffer), lead: centre - start, frames };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Peak under which a window is taken for silence: −72 dB, the noise of 16-bit rounding. */
const SILENCE_PEAK = 8;

/** Whether a window has nothing to hear, which spares the network's work and its inventions. */
export function isSilent(pcm: Int16Array): boolean {
  return pcm.every((sample) => Math.abs(sample) <= SILENCE_PEAK);
}
