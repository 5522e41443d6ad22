import type { ModelCard } from '../../models/card.js';
import type { TranscriptEvent, TranscriptionRequest } from '../../protocol/requests.js';
import type { JobContext } from '../engine.js';
import { checkRequest } from '../funasr/check-request.js';
import { readSpans } from '../funasr/spans.js';
import { groupsOf, segmentOf } from '../funasr/spoken-tokens.js';
import type { Vocabulary } from '../funasr/vocabulary.js';
import type { ParaformerResult, ParaformerStep } from './steps.js';
import { spokenTokens } from './text.js';

const SAMPLE_RATE_HZ = 16_000;

/** What the model half keeps of a model. */
export interface OpenParaformer {
  readonly card: ModelCard;
  readonly vocabulary: Vocabulary;
}

/** How a request's steps reach the replicas. */
export type ParaformerContext = JobContext<ParaformerStep, ParaformerResult>;

/** Its language: Paraformer is not told any and tells none. */
export function languageOf(
  { card }: OpenParaformer,
  { language }: Pick<TranscriptionRequest, 'language'>,
): string {
  return language ?? card.languages[0] ?? 'zh';
}

/** Writes a request's audio down; the answer's events in their order. */
export async function* transcribe(
  model: OpenParaformer,
  request: TranscriptionRequest,
  context: ParaformerContext,
): AsyncGenerator<TranscriptEvent> {
  checkRequest(model.card, request);
  yield { type: 'start', language: languageOf(model, request) };
  yield* spans(model, request, context);
  yield { type: 'usage', usage: { audioSeconds: request.samples / SAMPLE_RATE_HZ } };
  yield { type: 'done' };
}

async function* spans(
  { vocabulary }: OpenParaformer,
  request: TranscriptionRequest,
  context: ParaformerContext,
): AsyncGenerator<TranscriptEvent> {
  let id = 0;
  for await (const { span, pcm } of readSpans(request, context.signal)) {
    const { tokens, timed } = await context.step({ kind: 'span', pcm });
    const seekSeconds = span.fromSample / SAMPLE_RATE_HZ;
    const spoken = spokenTokens(tokens, vocabulary, { offsetSeconds: seekSeconds });
    const words = timed && request.words === true;
    for (const group of groupsOf(spoken)) {
      const segment = segmentOf(group, { id, seekSeconds, words });
      if (segment) yield { type: 'segment', segment };
      if (segment) id += 1;
    }
  }
}
