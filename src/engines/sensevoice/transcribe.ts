import type { ModelCard } from '../../models/card.js';
import type {
  TranscriptEvent,
  TranscriptionRequest,
  TranscriptSegment,
} from '../../protocol/requests.js';
import type { JobContext } from '../engine.js';
import { checkRequest } from '../funasr/check-request.js';
import { readSpans } from '../funasr/spans.js';
import { groupsOf, segmentOf, type SpokenToken } from '../funasr/spoken-tokens.js';
import type { Vocabulary } from '../funasr/vocabulary.js';
import type { SpeechSpan } from '../vad/span.js';
import type { SpanResult, SpanStep } from './steps.js';
import { isNoText, readTags, type SpeechTags } from './tags.js';

const SAMPLE_RATE_HZ = 16_000;

/** What the model half keeps of a model. */
export interface OpenSenseVoice {
  readonly card: ModelCard;
  readonly vocabulary: Vocabulary;
}

type Context = JobContext<SpanStep, SpanResult>;

/** Writes a request's audio down; the answer's events in their order. */
export async function* transcribe(
  model: OpenSenseVoice,
  request: TranscriptionRequest,
  context: Context,
): AsyncGenerator<TranscriptEvent> {
  checkRequest(model.card, request);
  yield* spans(model, request, context);
  yield { type: 'usage', usage: { audioSeconds: request.samples / SAMPLE_RATE_HZ } };
  yield { type: 'done' };
}

async function* spans(
  model: OpenSenseVoice,
  request: TranscriptionRequest,
  context: Context,
): AsyncGenerator<TranscriptEvent> {
  const { language } = request;
  let started = false;
  let id = 0;
  for await (const { span, pcm } of readSpans(request, context.signal)) {
    const result = await context.step({ pcm, ...(language !== undefined && { language }) });
    const { tags, segments } = readSpan(model.vocabulary, result, { span, request, id });
    if (tags.isSpeechless) continue;
    if (!started) yield { type: 'start', language: language ?? tags.language ?? fallback(model) };
    started = true;
    for (const segment of segments) yield { type: 'segment', segment };
    id += segments.length;
  }
  if (!started) yield { type: 'start', language: language ?? fallback(model) };
}

/** What to call the language of silence. */
function fallback({ card }: OpenSenseVoice): string {
  return card.languages[0] ?? 'zh';
}

function readSpan(
  vocabulary: Vocabulary,
  { tokens, rowSeconds }: SpanResult,
  place: {
    readonly span: SpeechSpan;
    readonly request: TranscriptionRequest;
    readonly id: number;
  },
): { readonly tags: SpeechTags; readonly segments: TranscriptSegment[] } {
  const { span, request, id } = place;
  const seekSeconds = span.fromSample / SAMPLE_RATE_HZ;
  const endSeconds = span.toSample / SAMPLE_RATE_HZ;
  const piece = (id: number): string => vocabulary[id] ?? '';
  const tags = readTags(tokens.map(({ id }) => piece(id)));
  const secondsAt = (frame: number): number =>
    Math.min(seekSeconds + Math.max(0, frame) * rowSeconds, endSeconds);
  const spoken: SpokenToken[] = tokens.flatMap(({ id, fromFrame, toFrame, logprob }) => {
    if (isNoText(piece(id))) return [];
    const [start, end] = [secondsAt(fromFrame), secondsAt(toFrame)];
    return [{ id, text: piece(id).replaceAll('▁', ' '), start, end, logprob }];
  });
  const { emotion, event } = tags;
  const facts = {
    seekSeconds,
    words: request.words === true,
    ...(emotion !== undefined && { emotion }),
    ...(event !== undefined && { event }),
  };
  const segments = groupsOf(spoken).flatMap((group) => segmentOf(group, { id: 0, ...facts }) ?? []);
  return { tags, segments: segments.map((segment, at) => ({ ...segment, id: id + at })) };
}
