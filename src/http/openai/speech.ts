import type { Middleware } from 'koa';
import type { SpeechFormat } from '../../protocol/media.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { readJsonObject } from '../request-body.js';
import { type SpeechJob, speak } from '../speech.js';
import { streamAnswer } from '../stream-answer.js';
import { validate } from '../validate.js';
import { speechSchema } from './speech-schema.js';

const MAX_BODY_BYTES = 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<SpeechFormat, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

/** Handles `POST /v1/audio/speech`. */
export function createSpeech(dependencies: AppDependencies): Middleware<DoorState> {
  return async function createSpeech(ctx) {
    const { signal, facts, requestId, claim } = ctx.state;
    const body = await readJsonObject(ctx.req, { maxBytes: MAX_BODY_BYTES, signal });
    const job = { ...speechJob(body, dependencies), requestId, claim, signal };
    Object.assign(facts, { task: 'tts', model: job.request.model });
    await speak(dependencies, job, async ({ workerId, model, chunks }) => {
      facts.workerId = workerId;
      ctx.set({
        'Content-Type': CONTENT_TYPES[job.format],
        'X-Chorus-Worker': workerId,
        'X-Chorus-Model': model,
      });
      await streamAnswer(ctx, chunks);
    });
  };
}

function speechJob(
  body: Readonly<Record<string, unknown>>,
  { catalogue }: AppDependencies,
): Omit<SpeechJob, 'requestId' | 'claim' | 'signal'> {
  const fields = validate(speechSchema, body);
  const card = catalogue.resolveModel(fields.model, 'tts');
  const voice = catalogue.resolveVoice(card, fields.voice);
  const request = { model: card.id, text: cleanText(fields.input), voice, speed: fields.speed };
  return { request, format: fields.response_format, sampleRateHz: fields.sample_rate };
}

/** Takes out what is no text: halves of surrogate pairs, and NUL, which ends strings in C code. */
function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', ' ');
}
