import { Tensor } from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';

import type { WhisperDims } from '../../models/whisper/info.js';
import type { GraphContract, InputContract } from '../onnx/contract.js';
import type { DecoderRun, EncodedWindow, WhisperBackend } from './backend.js';

type Values = Readonly<Record<string, Tensor>>;

/** What the encoder that we build takes and gives. */
export function encoderContract(dims: WhisperDims): GraphContract {
  return {
    inputs: { features: { type: 'float32', rank: 3 } },
    outputs: crossNames(dims),
  };
}

/** What the decoder that we build takes and gives. */
export function decoderContract(dims: WhisperDims): GraphContract {
  const caches = [...crossNames(dims), ...cacheNames(dims, 'past')];
  const cache: InputContract = { type: 'float32', rank: 4 };
  return {
    inputs: {
      input_ids: { type: 'int64', rank: 2 },
      ...Object.fromEntries(caches.map((name) => [name, cache])),
    },
    outputs: ['logits', ...cacheNames(dims, 'present')],
  };
}

function crossNames(dims: WhisperDims): string[] {
  return cacheNames(dims, 'cross');
}

function cacheNames(dims: WhisperDims, kind: 'cross' | 'past' | 'present'): string[] {
  return Array.from({ length: dims.decoderLayers }, (_, layer) => [
    `${kind}_key_${layer}`,
    `${kind}_value_${layer}`,
  ]).flat();
}

/** Runs the graphs that `buildWhisperGraph` writes. */
export class BuiltBackend implements WhisperBackend {
  readonly #encoder: InferenceSession;
  readonly #decoder: InferenceSession;
  readonly #dims: WhisperDims;

  constructor(encoder: InferenceSession, decoder: InferenceSession, dims: WhisperDims) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#dims = dims;
  }

  async encode(features: Float32Array, frames: number): Promise<EncodedWindow> {
    const shape = [1, this.#dims.mels, frames];
    const feeds = { features: new Tensor('float32', features, shape) };
    // The hidden state is an output too; only tests want it.
    const cross = (await this.#encoder.run(feeds, crossNames(this.#dims))) as Values;
    return { decode: () => new BuiltDecoderRun(this.#decoder, this.#dims, cross) };
  }

  async close(): Promise<void> {
    await this.#encoder.release();
    await this.#decoder.release();
  }
}

class BuiltDecoderRun implements DecoderRun {
  readonly #session: InferenceSession;
  readonly #layers: number;
  readonly #cross: Values;
  #past: Values;

  constructor(session: InferenceSession, dims: WhisperDims, cross: Values) {
    this.#session = session;
    this.#layers = dims.decoderLayers;
    this.#cross = cross;
    const empty = [1, dims.heads, 0, dims.width / dims.heads];
    this.#past = Object.fromEntries(
      cacheNames(dims, 'past').map((name) => [
        name,
        new Tensor('float32', new Float32Array(0), empty),
      ]),
    );
  }

  async step(tokens: readonly number[]): Promise<Float32Array> {
    const ids = new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
    const out = (await this.#session.run({
      input_ids: ids,
      ...this.#cross,
      ...this.#past,
    })) as Values;
    this.#past = this.#presentAsPast(out);
    return out['logits']?.data as Float32Array;
  }

  #presentAsPast(out: Values): Values {
    const past: Record<string, Tensor> = {};
    for (let layer = 0; layer < this.#layers; layer++) {
      for (const part of ['key', 'value']) {
        const present = out[`present_${part}_${layer}`];
        if (present) past[`past_${part}_${layer}`] = present;
      }
    }
    return past;
  }
}
