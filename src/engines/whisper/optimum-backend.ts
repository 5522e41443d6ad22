import { Tensor, type InferenceSession } from 'onnxruntime-node';

import type { GraphContract, InputContract } from '../onnx/contract.js';
import type { DecoderAnswer, DecoderRun, EncodedBatch, WhisperBackend } from './backend.js';
import type { OptimumDims } from './optimum-dims.js';

type Values = Readonly<Record<string, Tensor>>;

/** The sides whose keys and values an export caches: the text so far, and the audio. */
const SIDES = ['decoder', 'encoder'] as const;

/** What `encoder_model.onnx` takes and gives. */
export const OPTIMUM_ENCODER: GraphContract = {
  inputs: { input_features: { type: 'float32', rank: 3 } },
  outputs: ['last_hidden_state'],
};

/** What `decoder_model_merged.onnx` takes and gives. */
export function optimumDecoderContract(dims: OptimumDims): GraphContract {
  const names = cacheNames(dims);
  const cache: InputContract = { type: 'float32', rank: 4 };
  return {
    inputs: {
      input_ids: { type: 'int64', rank: 2 },
      encoder_hidden_states: { type: 'float32', rank: 3 },
      use_cache_branch: { type: 'bool', rank: 1 },
      cache_position: { type: 'int64', rank: 1, optional: true },
      ...Object.fromEntries(names.map((name) => [`past_key_values.${name}`, cache])),
    },
    outputs: ['logits', ...names.map((name) => `present.${name}`)],
  };
}

function cacheNames(dims: OptimumDims): string[] {
  return Array.from({ length: dims.decoderLayers }, (_, layer) =>
    SIDES.flatMap((side) => [`${layer}.${side}.key`, `${layer}.${side}.value`]),
  ).flat();
}

/** Runs a ready export in the layout of Hugging Face's `optimum`. */
export class OptimumBackend implements WhisperBackend {
  readonly #encoder: InferenceSession;
  readonly #decoder: InferenceSession;
  readonly #dims: OptimumDims;

  constructor(encoder: InferenceSession, decoder: InferenceSession, dims: OptimumDims) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#dims = dims;
  }

  async encode(windows: readonly Float32Array[], frames: number): Promise<EncodedBatch> {
    const hidden: Tensor[] = [];
    for (const window of windows) {
      const shape = [1, this.#dims.mels, frames];
      const out = (await this.#encoder.run({
        input_features: new Tensor('float32', window, shape),
      })) as Values;
      if (!out['last_hidden_state']) throw new Error('The encoder gave no last_hidden_state.');
      hidden.push(out['last_hidden_state']);
    }
    const row = (one: Tensor) => new OptimumRow(this.#decoder, this.#dims, one);
    return {
      decode: () => new OptimumDecoderRun(hidden.map(row)),
      attention: () => Promise.resolve(undefined),
    };
  }
}

class OptimumDecoderRun implements DecoderRun {
  #rows: readonly OptimumRow[];

  constructor(rows: readonly OptimumRow[]) {
    this.#rows = rows;
  }

  async step(tokens: readonly (readonly number[])[]): Promise<DecoderAnswer> {
    const logits: Float32Array[] = [];
    for (const [index, row] of this.#rows.entries())
      logits.push(await row.step(tokens[index] ?? []));
    return { logits };
  }

  keep(rows: readonly number[]): void {
    this.#rows = rows.map((row) => (this.#rows[row] as OptimumRow).copy());
  }
}

/** One sequence. */
class OptimumRow {
  readonly #session: InferenceSession;
  readonly #dims: OptimumDims;
  readonly #hidden: Tensor;
  /** Tensors are replaced and never changed. */
  #past: Record<string, Tensor>;
  readonly #vocabulary: number;
  #written = 0;

  constructor(session: InferenceSession, dims: OptimumDims, hidden: Tensor) {
    this.#session = session;
    this.#dims = dims;
    this.#hidden = hidden;
    this.#vocabulary = dims.vocabulary;
    const empty = [1, dims.heads, 0, dims.width / dims.heads];
    this.#past = Object.fromEntries(
      cacheNames(dims).map((name) => [
        `past_key_values.${name}`,
        new Tensor('float32', new Float32Array(0), empty),
      ]),
    );
  }

  copy(): OptimumRow {
    const copy = new OptimumRow(this.#session, this.#dims, this.#hidden);
    copy.#past = { ...this.#past };
    copy.#written = this.#written;
    return copy;
  }

  async step(tokens: readonly number[]): Promise<Float32Array> {
    const out = await this.#run(tokens);
    const useCache = this.#written > 0;
    for (const [name, value] of Object.entries(out)) {
      // With the cache in use an export gives no new keys of the audio: the first ones stay.
      if (!name.startsWith('present.') || (useCache && name.includes('.encoder.'))) continue;
      this.#past[name.replace('present.', 'past_key_values.')] = value;
    }
    this.#written += tokens.length;
    const logits = out['logits']?.data as Float32Array;
    return logits.slice(logits.length - this.#vocabulary);
  }

  async #run(tokens: readonly number[]): Promise<Values> {
    const length = tokens.length;
    const from = this.#written;
    const ids = new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, length]);
    const positions = BigInt64Array.from({ length }, (_, i) => BigInt(from + i));
    const feeds: Record<string, Tensor> = {
      input_ids: ids,
      encoder_hidden_states: this.#hidden,
      use_cache_branch: new Tensor('bool', [from > 0], [1]),
      ...this.#past,
    };
    if (this.#session.inputNames.includes('cache_position')) {
      feeds['cache_position'] = new Tensor('int64', positions, [length]);
    }
    return await this.#session.run(feeds);
  }
}
