/** Silence after a window that the decoder hears and the encoder need not see. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';

import type { WhisperDims } from '../../models/whisper/info.js';
import { CacheRoom } from './cache-room.js';
import type { CacheElement } from './cache-element.js';
import { CrossCache } from './cross-cache.js';
import { TAILED_FRAMES, tailFrames } from './window-size.js';

/** A feature of silence beside speech: `LogMel` cuts at 8 below the loudest, (0 - 8 + 4) / 4. */
const SILENCE = -1;

/** What it is made with. */
export interface TailParts {
  readonly encoder: InferenceSession;
  readonly dims: WhisperDims;
  readonly element: CacheElement;
}

/**
 * Keys and values of silence, encoded once. Whisper was trained on windows of 30 s; one that ends soon
 * after its speech makes it repeat itself. To encode seconds of silence after every short utterance
 * takes most of the time that the utterance takes. So each window is encoded with little silence
 * only, and what the encoder says of silence at the positions that follow is put behind it.
 */
export class SilentTail {
  readonly #parts: TailParts;
  readonly #silence: CrossCache;
  /** Where a window is encoded before it moves to its place in the batch. */
  readonly #room: CacheRoom;

  private constructor(parts: TailParts, silence: CrossCache) {
    this.#parts = parts;
    this.#silence = silence;
    this.#room = new CacheRoom(parts.element);
  }

  /** Encodes silence as long as a window with its tail can be. */
  static async encode(parts: TailParts): Promise<SilentTail> {
    const { encoder, dims, element } = parts;
    const size = { dims, windows: 1, positions: TAILED_FRAMES / 2 };
    const silence = new CrossCache(size, new CacheRoom(element));
    const features = new Float32Array(dims.mels * TAILED_FRAMES).fill(SILENCE);
    const input = new Tensor('float32', features, [1, dims.mels, TAILED_FRAMES]);
    await encoder.run({ features: input }, silence.places(0));
    return new SilentTail(parts, silence);
  }

  /** Encodes windows of so many frames; the answer is longer by {@link tailFrames} of them. */
  async encodeWindows(
    windows: readonly Tensor[],
    frames: number,
    room: CacheRoom,
  ): Promise<CrossCache> {
    const { encoder, dims } = this.#parts;
    const positions = (frames + tailFrames(frames)) / 2;
    const whole = new CrossCache({ dims, windows: windows.length, positions }, room);
    for (const [index, features] of windows.entries()) {
      const own = new CrossCache({ dims, windows: 1, positions: frames / 2 }, this.#room);
      await encoder.run({ features }, own.places(0));
      whole.copy(index, own, { from: 0, to: frames / 2 });
      whole.copy(index, this.#silence, { from: frames / 2, to: positions });
    }
    return whole;
  }
}
