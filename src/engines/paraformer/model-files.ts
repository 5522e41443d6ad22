import { type FrontEndConfig, readFrontEnd } from '../funasr/front-end.js';
import { findGraph, metadataOf, noGraph, type GraphWish } from '../funasr/graph-files.js';
import type { GraphContract } from '../onnx/contract.js';

/** What is known of a model besides its weights. */
export type ParaformerFiles =
  /** Hears an utterance as a whole, in one graph. */
  | { readonly kind: 'offline'; readonly graph: string; readonly frontEnd: FrontEndConfig }
  /** Hears in chunks: an encoder that weighs its rows, and a decoder with memories. */
  | {
      readonly kind: 'online';
      readonly encoder: string;
      readonly decoder: string;
      readonly frontEnd: FrontEndConfig;
      readonly metadata: Readonly<Record<string, string>>;
    };

/**
 * Finds a model's graphs, in the layout of FunASR's export (`model.onnx`, and `decoder.onnx` if it is a
 * streaming one) or of sherpa-onnx (`encoder.onnx` and `decoder.onnx`), and reads its figures.
 * @throws ChorusError `model_failed` if something is missing.
 */
export async function findParaformer(modelDir: string, wish: GraphWish): Promise<ParaformerFiles> {
  const decoder = await findGraph(modelDir, ['decoder'], wish);
  const names = decoder === undefined ? ['model'] : ['encoder', 'model'];
  const graph = await findGraph(modelDir, names, wish);
  if (graph === undefined) throw noGraph(modelDir, 'model.onnx, or encoder.onnx and decoder.onnx');
  const metadata = await metadataOf(graph);
  const frontEnd = await readFrontEnd(modelDir, metadata);
  if (decoder === undefined) return { kind: 'offline', graph, frontEnd };
  return { kind: 'online', encoder: graph, decoder, frontEnd, metadata };
}

const SPEECH: GraphContract['inputs'] = {
  speech: { type: 'float32', rank: 3 },
  speech_lengths: { type: 'int32', rank: 1 },
};

/** The offline graph; some tell the tokens' places too (`us_cif_peak`). */
export const OFFLINE_CONTRACT: GraphContract = {
  inputs: SPEECH,
  outputs: ['logits', 'token_num'],
};

/** The online encoder. */
export const ENCODER_CONTRACT: GraphContract = {
  inputs: SPEECH,
  outputs: ['enc', 'enc_len', 'alphas'],
};

/** More blocks than any published decoder has (they have 16). */
const MAX_BLOCKS = 64;

/** The online decoder, with a memory for each of its blocks. */
export const DECODER_CONTRACT: GraphContract = {
  inputs: {
    enc: { type: 'float32', rank: 3 },
    enc_len: { type: 'int32', rank: 1 },
    acoustic_embeds: { type: 'float32', rank: 3 },
    acoustic_embeds_len: { type: 'int32', rank: 1 },
    ...Object.fromEntries(
      Array.from({ length: MAX_BLOCKS }, (_, block) => [
        `in_cache_${block}`,
        { type: 'float32', rank: 3, optional: true },
      ]),
    ),
  },
  outputs: ['logits'],
};
