import type { RecognitionEngine, RecognitionModel } from '../engine.js';
import { spanBuckets, warmSpan, warmSpans } from '../funasr/buckets.js';
import { readVocabulary } from '../funasr/vocabulary.js';
import type { SpanResult, SpanStep } from './steps.js';
import { type OpenSenseVoice, transcribe } from './transcribe.js';

/** SenseVoice-Small: Chinese, Cantonese, English, Japanese and Korean, with emotions and events. */
export const senseVoiceEngine: RecognitionEngine<SpanStep, SpanResult> = {
  name: 'sensevoice',
  service: 'asr',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir): Promise<RecognitionModel<SpanStep, SpanResult>> {
    const model: OpenSenseVoice = { card, vocabulary: await readVocabulary(modelDir) };
    return {
      transcribe: (request, context) => transcribe(model, request, context),
      warmUp: ({ step }) => warmSpan((pcm) => step({ pcm })),
      warmBuckets: ({ step }) => warmSpans(spanBuckets(card), (pcm) => step({ pcm })),
      close: () => Promise.resolve(),
    };
  },
};
