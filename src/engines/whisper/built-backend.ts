import { Tensor } from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';

import type { WhisperDims } from '../../models/whisper/info.js';
import type { GraphContract } from '../onnx/contract.js';
import type { AttentionRequest, EncodedBatch, DecoderRun, WhisperBackend } from './backend.js';
import type { AttentionSession } from './attention-graph.js';
import {
  BuiltDecoderRun,
  crossNames,
  type DecoderParts,
  type DecoderRooms,
} from './built-decoder.js';
import { CacheRoom } from './cache-room.js';
import { CrossCache } from './cross-cache.js';
import type { SilentTail } from './silent-tail.js';
import { tailFrames } from './window-size.js';

/** What the graphs are opened with. */
export interface BuiltParts extends DecoderParts {
  readonly encoder: InferenceSession;
  readonly attention: AttentionSession;
  /** For models that have one. */
  readonly tail?: SilentTail;
}

/** Runs the graphs that `buildWhisperGraph` writes. */
export class BuiltBackend implements WhisperBackend {
  readonly #parts: BuiltParts;
  readonly #rooms: DecoderRooms;
  readonly #crossRoom: CacheRoom;

  constructor(parts: BuiltParts) {
    const { element } = parts;
    this.#parts = parts;
    this.#crossRoom = new CacheRoom(element);
    this.#rooms = {
      past: new CacheRoom(element, 2),
      present: new CacheRoom(element, 2),
      logits: new CacheRoom('float32'),
    };
  }

  async encode(windows: readonly Float32Array[], frames: number): Promise<EncodedBatch> {
    const { dims } = this.#parts;
    const shape = [1, dims.mels, frames];
    const features = windows.map((window) => new Tensor('float32', window, shape));
    return new BuiltBatch(this.#parts, await this.#crossOf(features, frames), this.#rooms);
  }

  /**
   * One after the other, each into its place: the encoder gains nothing by a batch, and what it needs
   * in between would be as many times as large.
   */
  async #crossOf(windows: readonly Tensor[], frames: number): Promise<CrossCache> {
    const { dims, encoder, tail } = this.#parts;
    if (tail && tailFrames(frames) > 0) return tail.encodeWindows(windows, frames, this.#crossRoom);
    const size = { dims, windows: windows.length, positions: frames / 2 };
    const cross = new CrossCache(size, this.#crossRoom);
    for (const [index, features] of windows.entries()) {
      await encoder.run({ features }, cross.places(index));
    }
    return cross;
  }
}

class BuiltBatch implements EncodedBatch {
  readonly #parts: BuiltParts;
  readonly #cross: CrossCache;
  readonly #rooms: DecoderRooms;

  constructor(parts: BuiltParts, cross: CrossCache, rooms: DecoderRooms) {
    this.#parts = parts;
    this.#cross = cross;
    this.#rooms = rooms;
  }

  decode(): DecoderRun {
    return new BuiltDecoderRun(this.#parts, this.#cross, this.#rooms);
  }

  attention({ window, queries, positions }: AttentionRequest): Promise<Float32Array> {
    const { attention, heads } = this.#parts;
    const keys = heads.map((head) => this.#cross.keys(window, head, positions));
    return attention.run(queries, keys);
  }
}

/** What the encoder that we build takes and gives. */
export function encoderContract(dims: WhisperDims): GraphContract {
  return {
    inputs: { features: { type: 'float32', rank: 3 } },
    outputs: crossNames(dims),
  };
}
