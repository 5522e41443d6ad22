import { Tensor } from 'onnxruntime-node';

import type { WhisperDims } from '../../models/whisper/info.js';
import { asFloats, type CacheArray, type CacheElement } from './cache-element.js';
import type { CacheRoom } from './cache-room.js';

/** A head of the decoder: its layer and its place in it. */
export type Head = readonly [layer: number, head: number];

/** Names of the audio's keys and values, layer by layer. */
export function crossNames({ decoderLayers }: Pick<WhisperDims, 'decoderLayers'>): string[] {
  return Array.from({ length: decoderLayers }, (_, layer) => [
    `cross_key_${layer}`,
    `cross_value_${layer}`,
  ]).flat();
}

/** What a cache is for. */
export interface CrossSize {
  readonly dims: WhisperDims;
  readonly windows: number;
  readonly positions: number;
}

/** Positions from the first to before the last. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/** Keys and values of the audio of several windows, [windows, heads, positions, head width] each. */
export class CrossCache {
  readonly #buffers: ReadonlyMap<string, CacheArray>;
  readonly #element: CacheElement;
  readonly #positions: number;
  readonly #heads: number;
  readonly #headWidth: number;
  /** Which window lies at each place. */
  #windows: readonly number[];

  /** @param room One cache at a time lives in it. */
  constructor({ dims, windows, positions }: CrossSize, room: CacheRoom) {
    this.#element = room.element;
    this.#positions = positions;
    this.#heads = dims.heads;
    this.#headWidth = dims.width / dims.heads;
    this.#windows = Array.from({ length: windows }, (_, index) => index);
    const length = windows * this.#windowLength;
    this.#buffers = new Map(crossNames(dims).map((name) => [name, room.take(name, length)]));
  }

  /** Windows that lie here. */
  get windows(): readonly number[] {
    return this.#windows;
  }

  /** Where the encoder is to write the keys and values of one window. */
  places(index: number): Record<string, Tensor> {
    return this.#tensors(index, index + 1);
  }

  /** Takes a stretch of positions of another cache's first window, for the same positions of one here. */
  copy(index: number, other: CrossCache, { from, to }: PositionRange): void {
    for (const [name, buffer] of this.#buffers) {
      const source = other.#buffers.get(name);
      if (!source) continue;
      for (let head = 0; head < this.#heads; head++) {
        const start = (head * other.#positions + from) * this.#headWidth;
        const part = source.subarray(start, start + (to - from) * this.#headWidth);
        const row = index * this.#heads + head;
        buffer.set(part, (row * this.#positions + from) * this.#headWidth);
      }
    }
  }

  /** Inputs of the decoder. */
  feeds(): Record<string, Tensor> {
    return this.#tensors(0, this.#windows.length);
  }

  /** One head's keys of the first positions of a window. */
  keys(window: number, [layer, head]: Head, positions: number): Float32Array {
    const place = this.#windows.indexOf(window);
    const buffer = this.#buffers.get(`cross_key_${layer}`);
    if (!buffer || place === -1) throw new Error('The audio is forgotten.');
    const start = (place * this.#heads + head) * this.#positions * this.#headWidth;
    return asFloats(buffer.subarray(start, start + positions * this.#headWidth));
  }

  /**
   * Forgets all windows but these.
   * @param places In the new order; none may move up. Only those that move are copied.
   */
  keep(places: readonly number[]): void {
    const length = this.#windowLength;
    for (const [to, from] of places.entries()) {
      if (to === from) continue;
      for (const buffer of this.#buffers.values()) {
        buffer.copyWithin(to * length, from * length, (from + 1) * length);
      }
    }
    this.#windows = places.map((place) => this.#windows[place] ?? -1);
  }

  get #windowLength(): number {
    return this.#heads * this.#positions * this.#headWidth;
  }

  #tensors(from: number, to: number): Record<string, Tensor> {
    const shape = [to - from, this.#heads, this.#positions, this.#headWidth];
    const length = this.#windowLength;
    const entries = [...this.#buffers].map(([name, buffer]) => {
      const part = buffer.subarray(from * length, to * length);
      return [name, new Tensor(this.#element, part, shape)] as const;
    });
    return Object.fromEntries(entries);
  }
}
