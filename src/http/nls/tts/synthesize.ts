import type { Middleware } from 'koa';
import type { DoorContext, DoorState } from '../../context.js';
import type { AppDependencies } from '../../dependencies.js';
import { readJsonObject } from '../../request-body.js';
import { type DeliverSpeech, type SpeechJob, speak } from '../../speech.js';
import { streamAnswer } from '../../stream-answer.js';
import { credentialsOf, demandNls } from '../credentials.js';
import { queryOf } from '../demand.js';
import { type LooseFields, queryFields } from '../loose-fields.js';
import { taskIdOf } from '../task-id.js';
import { type AskedSpeech, readNlsSpeech } from './speech-request.js';

/** A thousand characters and a prompt, escaped in the longest way, and all else. */
const MAX_BODY_BYTES = 128 * 1024;
/** Whatever the format: official SDKs tell audio from an error by it. */
const CONTENT_TYPE = 'audio/mpeg';

/** Handles `POST /stream/v1/tts`, where credentials may stand in the body. */
export function postSpeech(dependencies: AppDependencies): Middleware<DoorState> {
  return async function postSpeech(ctx) {
    const { signal } = ctx.state;
    const body = await readJsonObject(ctx.req, { maxBytes: MAX_BODY_BYTES, signal });
    const { token, appkey } = credentialsOf(ctx.headers, queryOf(ctx));
    demandNls(dependencies.keys, {
      token: token ?? secretOf(body['token']),
      appkey: appkey ?? secretOf(body['appkey']),
    });
    await answer(ctx, dependencies, body);
  };
}

/** Handles `GET /stream/v1/tts`: the same fields in the query. */
export function getSpeech(dependencies: AppDependencies): Middleware<DoorState> {
  return async function getSpeech(ctx) {
    await answer(ctx, dependencies, queryFields(queryOf(ctx)));
  };
}

/** What is no text is no key, but is presented: it is refused like a wrong one. */
function secretOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function answer(
  ctx: DoorContext,
  dependencies: AppDependencies,
  fields: LooseFields,
): Promise<void> {
  const { signal, facts, requestId, claim } = ctx.state;
  const asked = readNlsSpeech(fields, dependencies);
  const { request, format, sampleRateHz, pitch } = asked;
  Object.assign(facts, { task: 'tts', model: request.model });
  const job: SpeechJob = { request, requestId, claim, format, sampleRateHz, pitch, signal };
  if (ctx.method === 'HEAD') return announce(ctx, asked);
  await speak(dependencies, job, deliverTo(ctx, asked));
}

function announce(ctx: DoorContext, { ignored }: AskedSpeech): void {
  ctx.status = 200;
  ctx.set({ 'Content-Type': CONTENT_TYPE, task_id: taskIdOf(ctx.state.requestId) });
  if (ignored.length > 0) ctx.set('X-Chorus-Ignored', ignored.join(', '));
}

function deliverTo(ctx: DoorContext, asked: AskedSpeech): DeliverSpeech {
  return async ({ workerId, model, chunks }) => {
    ctx.state.facts.workerId = workerId;
    announce(ctx, asked);
    ctx.set({ 'X-Chorus-Worker': workerId, 'X-Chorus-Model': model });
    await streamAnswer(ctx, chunks);
  };
}
