import type { RecognitionEngine, RecognitionModel } from '../engine.js';
import { spanBuckets, warmSpan, warmSpans } from '../funasr/buckets.js';
import { readVocabulary } from '../funasr/vocabulary.js';
import { listen } from './listen.js';
import { findParaformer } from './model-files.js';
import { CHUNK_ROWS } from './online-stream.js';
import type { ParaformerResult, ParaformerStep } from './steps.js';
import { type OpenParaformer, transcribe } from './transcribe.js';

/** Utterances whose last chunks have every length that there is. */
const LAST_CHUNKS = { rows: Array.from({ length: CHUNK_ROWS }, (_, index) => index + 1) };

/** Paraformer, of both kinds: one hears whole utterances, the streaming one live speech too. */
export const paraformerEngine: RecognitionEngine<ParaformerStep, ParaformerResult> = {
  name: 'paraformer',
  service: 'asr',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir): Promise<RecognitionModel<ParaformerStep, ParaformerResult>> {
    // Which of the names a graph has makes no difference here.
    const { kind } = await findParaformer(modelDir, { device: 'cpu' });
    const model: OpenParaformer = { card, vocabulary: await readVocabulary(modelDir) };
    // A stream's chunks have one length, and its last ones no more than that.
    const buckets = kind === 'online' ? LAST_CHUNKS : spanBuckets(card);
    return {
      transcribe: (request, context) => transcribe(model, request, context),
      ...(kind === 'online' && {
        listen: (request, audio, context) => listen(model, request, { audio, context }),
      }),
      warmUp: ({ step }) => warmSpan((pcm) => step({ kind: 'span', pcm })),
      warmBuckets: ({ step }) => warmSpans(buckets, (pcm) => step({ kind: 'span', pcm })),
      close: () => Promise.resolve(),
    };
  },
};
