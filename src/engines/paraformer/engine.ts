import type { RecognitionEngine, RecognitionModel } from '../engine.js';
import { readVocabulary } from '../funasr/vocabulary.js';
import { listen } from './listen.js';
import { findParaformer } from './model-files.js';
import type { ParaformerResult, ParaformerStep } from './steps.js';
import { type OpenParaformer, transcribe } from './transcribe.js';

/** Paraformer, of both kinds: one hears whole utterances, the streaming one live speech too. */
export const paraformerEngine: RecognitionEngine<ParaformerStep, ParaformerResult> = {
  name: 'paraformer',
  service: 'asr',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir): Promise<RecognitionModel<ParaformerStep, ParaformerResult>> {
    // Which of the names a graph has makes no difference here.
    const { kind } = await findParaformer(modelDir, 'cpu');
    const model: OpenParaformer = { card, vocabulary: await readVocabulary(modelDir) };
    return {
      transcribe: (request, context) => transcribe(model, request, context),
      ...(kind === 'online' && {
        listen: (request, audio, context) => listen(model, request, { audio, context }),
      }),
      close: () => Promise.resolve(),
    };
  },
};
