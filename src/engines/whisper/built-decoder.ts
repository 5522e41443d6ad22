import { Tensor, type InferenceSession } from 'onnxruntime-node';

import type { WhisperDims } from '../../models/whisper/info.js';
import type { GraphContract, InputContract } from '../onnx/contract.js';
import type { DecoderAnswer, DecoderRun } from './backend.js';
import { asFloats, type CacheArray, type CacheElement } from './cache-element.js';
import type { CacheRoom } from './cache-room.js';
import { crossNames, type CrossCache, type Head } from './cross-cache.js';

export { crossNames } from './cross-cache.js';

type Values = Readonly<Record<string, Tensor>>;

/** What decoding runs on. */
export interface DecoderParts {
  readonly decoder: InferenceSession;
  readonly dims: WhisperDims;
  /** Of all inputs and outputs but features and logits. */
  readonly element: CacheElement;
  /** The alignment heads. */
  readonly heads: readonly Head[];
}

/** What the decoder that we build takes and gives. */
export function decoderContract({
  dims,
  heads,
  element,
}: Omit<DecoderParts, 'decoder'>): GraphContract {
  const caches = [...crossNames(dims), ...cacheNames(dims, 'past')];
  const cache: InputContract = { type: element, rank: 4 };
  return {
    inputs: {
      input_ids: { type: 'int64', rank: 2 },
      ...Object.fromEntries(caches.map((name) => [name, cache])),
    },
    outputs: ['logits', ...cacheNames(dims, 'present'), ...queryNames(heads)],
  };
}

function cacheNames(dims: WhisperDims, kind: 'past' | 'present'): string[] {
  return Array.from({ length: dims.decoderLayers }, (_, layer) => [
    `${kind}_key_${layer}`,
    `${kind}_value_${layer}`,
  ]).flat();
}

function queryNames(heads: readonly Head[]): string[] {
  return [...new Set(heads.map(([layer]) => `cross_query_${layer}`))];
}

/** Where a run keeps what it needs; only the last run that was begun may use them. */
export interface DecoderRooms {
  /** Keys and values that a step reads, and those that it writes: they change places. */
  readonly past: CacheRoom;
  readonly present: CacheRoom;
  readonly logits: CacheRoom;
}

/** Sequences over the windows of a batch; as many rows for each window, side by side. */
export class BuiltDecoderRun implements DecoderRun {
  readonly #parts: DecoderParts;
  readonly #cross: CrossCache;
  readonly #logits: CacheRoom;
  /** Rooms of the present caches and of the ones to be written next. */
  #filled: CacheRoom;
  #free: CacheRoom;
  #past: Values;
  /** Tokens in the caches. */
  #length = 0;
  /** Place of the window that each row hears. */
  #places: readonly number[];

  constructor(parts: DecoderParts, cross: CrossCache, rooms: DecoderRooms) {
    this.#parts = parts;
    this.#cross = cross;
    this.#logits = rooms.logits;
    this.#filled = rooms.past;
    this.#free = rooms.present;
    this.#places = cross.windows.map((_, place) => place);
    this.#past = this.#caches(this.#filled, 'past', this.#places.length);
  }

  /** The logits are good until the next step. */
  async step(tokens: readonly (readonly number[])[], wantQueries = false): Promise<DecoderAnswer> {
    const { decoder, dims, heads } = this.#parts;
    const ids = BigInt64Array.from(tokens.flat(), BigInt);
    const feeds = {
      input_ids: new Tensor('int64', ids, [tokens.length, tokens[0]?.length ?? 0]),
      ...this.#cross.feeds(),
      ...this.#past,
    };
    this.#length += tokens[0]?.length ?? 0;
    const all = this.#logits.take('logits', tokens.length * dims.vocabulary) as Float32Array;
    const fetches: Record<string, Tensor | null> = {
      logits: new Tensor('float32', all, [tokens.length, dims.vocabulary]),
      ...this.#caches(this.#free, 'present', tokens.length),
    };
    if (wantQueries) for (const name of queryNames(heads)) fetches[name] = null;
    const out = (await decoder.run(feeds, fetches)) as Values;
    this.#swap(tokens.length);
    const logits = tokens.map((_, row) =>
      all.subarray(row * dims.vocabulary, (row + 1) * dims.vocabulary),
    );
    if (!wantQueries) return { logits };
    return { logits, queries: tokens.map((_, row) => this.#queriesOf(out, row)) };
  }

  keep(rows: readonly number[]): void {
    const places = rows.map((row) => this.#places[row] ?? 0);
    const distinct = [...new Set(places)];
    if (distinct.length < this.#cross.windows.length) this.#cross.keep(distinct);
    this.#places = places.map((place) => distinct.indexOf(place));
    const kept = this.#caches(this.#free, 'present', rows.length);
    for (const name of cacheNames(this.#parts.dims, 'past')) {
      const [from, to] = [this.#past[name], kept[name.replace('past', 'present')]];
      if (from && to) copyRows(from, to, rows);
    }
    this.#swap(rows.length);
  }

  /** What was written last is what is read next. */
  #swap(rows: number): void {
    [this.#filled, this.#free] = [this.#free, this.#filled];
    this.#past = this.#caches(this.#filled, 'past', rows);
  }

  /** Tensors over the keys and values that lie in a room, or will. */
  #caches(room: CacheRoom, kind: 'past' | 'present', rows: number): Record<string, Tensor> {
    const { dims, element } = this.#parts;
    const shape = [rows, dims.heads, this.#length, dims.width / dims.heads];
    const length = rows * this.#length * dims.width;
    const names = cacheNames(dims, kind);
    return Object.fromEntries(
      names.map((name, index) => [name, new Tensor(element, room.take(`${index}`, length), shape)]),
    );
  }

  /** The alignment heads' queries of one row at its last token. */
  #queriesOf(out: Values, row: number): Float32Array {
    const { heads, dims } = this.#parts;
    const width = dims.width / dims.heads;
    const gathered = new Float32Array(heads.length * width);
    const perWindow = this.#places.length / this.#cross.windows.length;
    for (const [index, [layer, head]] of heads.entries()) {
      const { data, dims: shape } = out[`cross_query_${layer}`] as Tensor;
      // [windows, heads, rows of a window · tokens, width]
      const queries = shape[2] ?? 0;
      const inWindow = ((row % perWindow) + 1) * (queries / perWindow) - 1;
      const window = Math.floor(row / perWindow);
      const start = ((window * dims.heads + head) * queries + inWindow) * width;
      const query = (data as CacheArray).subarray(start, start + width);
      gathered.set(asFloats(query), index * width);
    }
    return gathered;
  }
}

/** Copies rows of a tensor to the rows of another one. */
function copyRows(from: Tensor, to: Tensor, rows: readonly number[]): void {
  const length = from.size / (from.dims[0] ?? 1);
  const [source, target] = [from.data as CacheArray, to.data as CacheArray];
  for (const [index, row] of rows.entries()) {
    target.set(source.subarray(row * length, (row + 1) * length), index * length);
  }
}
