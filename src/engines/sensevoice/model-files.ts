import type { GraphContract } from '../onnx/contract.js';
import { type FrontEndConfig, readFrontEnd } from '../funasr/front-end.js';
import { findGraph, metadataOf, noGraph, type GraphWish } from '../funasr/graph-files.js';

/** Names of a graph's inputs and of the output that is used. */
export interface SenseVoiceNames {
  readonly speech: string;
  readonly lengths: string;
  readonly language: string;
  readonly style: string;
  readonly logits: string;
}

/** What is known of a model besides its weights. */
export interface SenseVoiceFiles {
  readonly graph: string;
  readonly names: SenseVoiceNames;
  readonly frontEnd: FrontEndConfig;
  /** What the graph takes for each language, and for `auto`. */
  readonly languageIds: Readonly<Record<string, number>>;
  /** What the graph takes so that it writes punctuation and figures. */
  readonly writtenStyleId: number;
  readonly blank: number;
}

/** FunASR's export, and sherpa-onnx's, which has its figures in the graph. */
const FUNASR: SenseVoiceNames = {
  speech: 'speech',
  lengths: 'speech_lengths',
  language: 'language',
  style: 'textnorm',
  logits: 'ctc_logits',
};
const SHERPA: SenseVoiceNames = {
  speech: 'x',
  lengths: 'x_length',
  language: 'language',
  style: 'text_norm',
  logits: 'logits',
};

/** Rows of the embedding that stand for them (`sensevoice_bin.py` of FunASR). */
const LANGUAGE_IDS = { auto: 0, zh: 3, en: 4, yue: 7, ja: 11, ko: 12 };
const WRITTEN_STYLE_ID = 14;

/**
 * Finds a model's graph and reads its figures.
 * @throws ChorusError `model_failed` if something is missing.
 */
export async function findSenseVoice(modelDir: string, wish: GraphWish): Promise<SenseVoiceFiles> {
  const graph = await findGraph(modelDir, ['model'], wish);
  if (graph === undefined) throw noGraph(modelDir, 'model.onnx, model.int8.onnx, model_quant.onnx');
  const metadata = await metadataOf(graph);
  const languages = Object.entries(LANGUAGE_IDS).map(([name, id]) => [
    name,
    Number(metadata[`lang_${name}`] ?? id),
  ]);
  return {
    graph,
    names: metadata['neg_mean'] === undefined ? FUNASR : SHERPA,
    frontEnd: await readFrontEnd(modelDir, metadata),
    languageIds: Object.fromEntries(languages) as Record<string, number>,
    writtenStyleId: Number(metadata['with_itn'] ?? WRITTEN_STYLE_ID),
    blank: Number(metadata['blank_id'] ?? 0),
  };
}

/** What a graph with those names takes and gives. */
export function senseVoiceContract(names: SenseVoiceNames): GraphContract {
  return {
    inputs: {
      [names.speech]: { type: 'float32', rank: 3 },
      [names.lengths]: { type: 'int32', rank: 1 },
      [names.language]: { type: 'int32', rank: 1 },
      [names.style]: { type: 'int32', rank: 1 },
    },
    outputs: [names.logits],
  };
}
