import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { bestOf, logprobOf } from '../funasr/scores.js';

/** What a token is and how sure the decoder was. */
export interface DecodedToken {
  readonly id: number;
  readonly logprob: number;
}

/** Rows that the encoder made of a chunk. */
export interface EncodedChunk {
  /** [rows, width], row-major. */
  readonly hidden: Float32Array;
  /** How much of a token each row is. */
  readonly alphas: Float32Array;
  /** The encoder's own outputs, which the decoder takes as they are. */
  readonly tensors: Readonly<Record<'enc' | 'enc_len', Tensor>>;
}

/** Published models have 512 channels and convolutions of 11 taps, 10 of them before the token. */
const CHANNELS = 512;
const TAPS = 11;

/** The two graphs of a streaming model. */
export class OnlineGraphs {
  /** Values of an encoded row. */
  readonly channels: number;
  readonly #encoder: InferenceSession;
  readonly #decoder: InferenceSession;
  readonly #blocks: number;
  /** Steps that a block of the decoder remembers. */
  readonly #memory: number;

  constructor(
    encoder: InferenceSession,
    decoder: InferenceSession,
    metadata: Readonly<Record<string, string>>,
  ) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    const caches = decoder.inputMetadata.filter(({ name }) => name.startsWith('in_cache_'));
    const [first] = caches;
    const [, channels, memory] = first?.isTensor === true ? first.shape : [];
    this.#blocks = caches.length;
    this.channels = numberOr(channels, Number(metadata['encoder_output_size'] ?? CHANNELS));
    this.#memory = numberOr(memory, Number(metadata['decoder_kernel_size'] ?? TAPS) - 1);
  }

  /** @param rows [count, width], row-major. */
  async encode(rows: Float32Array, width: number): Promise<EncodedChunk> {
    const count = rows.length / width;
    const { enc, enc_len, alphas } = (await this.#encoder.run(
      {
        speech: new Tensor('float32', rows, [1, count, width]),
        speech_lengths: new Tensor('int32', Int32Array.of(count), [1]),
      },
      ['enc', 'enc_len', 'alphas'],
    )) as Record<'enc' | 'enc_len' | 'alphas', Tensor>;
    const hidden = enc.data as Float32Array;
    return { hidden, alphas: alphas.data as Float32Array, tensors: { enc, enc_len } };
  }

  /**
   * Names tokens by their embeddings.
   * @param caches The decoder's memory, empty before the first token.
   */
  async decode(
    { tensors }: EncodedChunk,
    embeddings: Float32Array,
    caches: readonly Float32Array[],
  ): Promise<{ tokens: DecodedToken[]; caches: Float32Array[] }> {
    const count = embeddings.length / this.channels;
    const blocks = Array.from({ length: this.#blocks }, (_, block) => block);
    const outputs = await this.#decoder.run(
      {
        ...tensors,
        acoustic_embeds: new Tensor('float32', embeddings, [1, count, this.channels]),
        acoustic_embeds_len: new Tensor('int32', Int32Array.of(count), [1]),
        ...Object.fromEntries(
          blocks.map((block) => [`in_cache_${block}`, this.#cache(caches[block])]),
        ),
      },
      ['logits', ...blocks.map((block) => `out_cache_${block}`)],
    );
    return {
      tokens: tokensOf(outputs['logits'], count),
      caches: blocks.map((block) => this.#lastOf(outputs[`out_cache_${block}`])),
    };
  }

  #cache(values: Float32Array | undefined): Tensor {
    const data = values ?? new Float32Array(this.channels * this.#memory);
    return new Tensor('float32', data, [1, this.channels, this.#memory]);
  }

  /** An export may give the new steps after the old ones: only the last ones are remembered. */
  #lastOf(cache: Tensor | undefined): Float32Array {
    const data = (cache?.data ?? new Float32Array(0)) as Float32Array;
    const steps = data.length / this.channels;
    const last = new Float32Array(this.channels * this.#memory);
    for (let channel = 0; channel < this.channels; channel++) {
      const end = (channel + 1) * steps;
      last.set(data.subarray(end - this.#memory, end), channel * this.#memory);
    }
    return last;
  }
}

function tokensOf(logits: Tensor | undefined, count: number): DecodedToken[] {
  const values = (logits?.data ?? new Float32Array(0)) as Float32Array;
  const length = logits?.dims.at(-1) ?? 0;
  return Array.from({ length: count }, (_, token) => {
    const row = { values, from: token * length, length };
    const id = bestOf(row);
    return { id, logprob: logprobOf(row, id) };
  });
}

function numberOr(dim: number | string | undefined, otherwise: number): number {
  return typeof dim === 'number' && dim > 0 ? dim : otherwise;
}
