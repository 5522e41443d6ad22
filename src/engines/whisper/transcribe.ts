/** The seek loop: window after window through a file of any length. */
import { deflateSync } from 'node:zlib';

import { MEL_SAMPLE_RATE_HZ } from '../../audio/mel.js';
import type { ModelCard } from '../../models/card.js';
import type { WhisperInfo } from '../../models/whisper/info.js';
import { ChorusError } from '../../protocol/errors.js';
import type {
  TranscriptEvent,
  TranscriptionRequest,
  TranscriptSegment,
} from '../../protocol/requests.js';
import type { JobContext } from '../engine.js';
import { splitWindow } from './segments.js';
import type { WindowResult, WindowStep } from './steps.js';
import type { WhisperTokenizer } from './tokenizer.js';
import { isSilent, WindowReader } from './window-reader.js';

const FRAMES_PER_SECOND = 100;
/** What is left after the last segment and is shorter than this holds no word. */
const SHORTEST_TAIL_FRAMES = 30;
/** A window is no speech if the model says so and is not sure of its text (`whisper/transcribe.py`). */
const NO_SPEECH_PROB = 0.6;
const SURE_LOGPROB = -1;

/** What the model half keeps of a model. */
export interface OpenWhisper {
  readonly card: ModelCard;
  readonly info: WhisperInfo;
  readonly tokenizer: WhisperTokenizer;
}

/** Text without a letter or a digit is what the network makes of noise, not of speech. */
const SPOKEN = /[\p{L}\p{N}]/u;

type Context = JobContext<WindowStep, WindowResult>;

/** Writes a request's audio down; the answer's events in their order. */
export async function* transcribe(
  model: OpenWhisper,
  request: TranscriptionRequest,
  context: Context,
): AsyncGenerator<TranscriptEvent> {
  checkLanguage(model, request.language);
  const reader = await WindowReader.open(request.pcmPath, request.samples);
  try {
    yield* windows(model, request, { context, reader });
  } finally {
    await reader.close();
  }
  const audioSeconds = request.samples / MEL_SAMPLE_RATE_HZ;
  yield { type: 'usage', usage: { audioSeconds } };
  yield { type: 'done' };
}

async function* windows(
  model: OpenWhisper,
  request: TranscriptionRequest,
  { context, reader }: { context: Context; reader: WindowReader },
): AsyncGenerator<TranscriptEvent> {
  let language = model.info.multilingual ? request.language : undefined;
  let prompt = model.tokenizer.encodePrompt(request.prompt ?? '');
  let started = false;
  let id = 0;
  for (let seek = 0; seek < reader.frames;) {
    const window = await reader.read(seek);
    if (context.signal.aborted) throw new ChorusError('canceled', 'The request was canceled.');
    if (seek > 0 && window.frames < SHORTEST_TAIL_FRAMES) break;
    if (isSilent(window.pcm)) {
      seek += window.frames;
      continue;
    }
    const { temperature } = request;
    const given = language === undefined ? {} : { language };
    const result = await context.step({ ...window, ...given, prompt, temperature });
    prompt = [];
    language = result.language;
    if (!started) yield { type: 'start', language: language ?? fallbackLanguage(model, request) };
    started = true;
    const { segments, advanceFrames } = readWindow(model, result, { seek, window, temperature });
    for (const segment of segments) yield { type: 'segment', segment: { id: id++, ...segment } };
    seek += advanceFrames;
  }
  if (!started) yield { type: 'start', language: fallbackLanguage(model, request) };
}

interface WindowPlace {
  readonly seek: number;
  readonly window: { readonly frames: number };
  readonly temperature: number;
}

/** Makes segments of what was heard, unless it was no speech. */
function readWindow(
  { info, tokenizer }: OpenWhisper,
  result: WindowResult,
  { seek, window, temperature }: WindowPlace,
): { segments: Omit<TranscriptSegment, 'id'>[]; advanceFrames: number } {
  const { avgLogprob, noSpeechProb } = result;
  const unsure = avgLogprob < SURE_LOGPROB;
  if (noSpeechProb > NO_SPEECH_PROB && unsure) {
    return { segments: [], advanceFrames: window.frames };
  }
  const split = splitWindow(result.tokens, info.tokens, window.frames);
  const compressionRatio = compressibility(tokenizer.decode(result.tokens));
  const segments = split.segments.flatMap(({ startFrame, endFrame, tokens }) => {
    const text = tokenizer.decode(tokens);
    if (!SPOKEN.test(text) || startFrame >= endFrame) return [];
    const start = (seek + startFrame) / FRAMES_PER_SECOND;
    const end = (seek + endFrame) / FRAMES_PER_SECOND;
    const numbers = { temperature, avgLogprob, compressionRatio, noSpeechProb };
    return [{ seek, start, end, text, tokens, ...numbers }];
  });
  return { segments, advanceFrames: split.advanceFrames };
}

/** How much shorter zlib makes a text: repetitions show as a high ratio. */
function compressibility(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length;
}

function checkLanguage({ card, info }: OpenWhisper, language: string | undefined): void {
  if (language === undefined) return;
  const known = info.multilingual
    ? Object.hasOwn(info.tokens.languages, language)
    : language === 'en';
  if (known) return;
  throw new ChorusError(
    'unsupported_language',
    `The model ${card.id} does not know the language ${language}.`,
    { param: 'language' },
  );
}

/** The language to name when the model has not said any: silence, or an English-only model. */
function fallbackLanguage({ card, info }: OpenWhisper, request: TranscriptionRequest): string {
  return request.language ?? (info.multilingual ? (card.languages[0] ?? 'en') : 'en');
}
