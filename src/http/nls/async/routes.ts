import { open, type FileHandle } from 'node:fs/promises';
import type { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { AUDIO_KEY_PATTERN, type NewJob } from '../../../jobs/job.js';
import { cleanText } from '../../../protocol/clean-text.js';
import { ChorusError } from '../../../protocol/errors.js';
import type { SpeechFormat } from '../../../protocol/media.js';
import type { DoorContext, DoorState } from '../../context.js';
import type { AppDependencies } from '../../dependencies.js';
import { checkUrl } from '../../outbound/destination.js';
import { clientOfKey } from '../../presented-key.js';
import { readJsonObject } from '../../request-body.js';
import { SPEECH_CONTENT_TYPES } from '../../speech-content-types.js';
import { streamAnswer } from '../../stream-answer.js';
import { validate } from '../../validate.js';
import { credentialsOf, demandNls, type NlsCredentials } from '../credentials.js';
import { soundFactors } from '../speech-fields.js';
import { spokenText } from '../../spoken-text.js';
import { newTaskId, taskIdOf } from '../task-id.js';
import { resolveNlsVoice } from '../voice-names.js';
import { acceptedAnswer, jobAnswer } from './answers.js';
import type { AsyncJobs } from './async-jobs.js';
import { AUDIO_ROUTE, originOf } from './audio-address.js';
import { asyncHeaderSchema, readAsyncFields } from './request-schema.js';

const ROUTE = '/rest/v1/tts/async';
/** Five thousand characters, escaped in the longest way, and all else. */
const MAX_BODY_BYTES = 128 * 1024;
const TASK_ID = /^[0-9a-f]{32}$/i;

/** Adds the routes of NLS clients that let speech be made while they do something else. */
export function addAsyncRoutes(
  routes: Router<DoorState>,
  dependencies: AppDependencies,
  jobs: AsyncJobs,
): void {
  routes.post(ROUTE, createJob(dependencies, jobs));
  routes.get(ROUTE, readJob(dependencies, jobs));
  routes.get(`${AUDIO_ROUTE}/:key`, sendAudio(jobs));
}

/** Handles `POST /rest/v1/tts/async`. */
function createJob(dependencies: AppDependencies, jobs: AsyncJobs): Middleware<DoorState> {
  return async function createJob(ctx) {
    const { signal, facts, requestId } = ctx.state;
    const body = await readJsonObject(ctx.req, { maxBytes: MAX_BODY_BYTES, signal });
    const credentials = presented(ctx, body);
    demandNls(dependencies.keys, credentials);
    const job = readJobRequest(body, dependencies, jobs);
    Object.assign(facts, { task: 'tts', model: job.request.model });
    const id = newTaskId();
    const client = clientOf(ctx, credentials);
    await jobs.add({ ...job, id, client, origin: originOf(ctx.req) });
    ctx.body = acceptedAnswer(id, taskIdOf(requestId));
  };
}

function readJobRequest(
  body: Readonly<Record<string, unknown>>,
  dependencies: AppDependencies,
  { settings }: AsyncJobs,
): Omit<NewJob, 'id' | 'client' | 'origin'> {
  const { speech, notifyUrl } = readAsyncFields(body);
  if (notifyUrl !== undefined) checkNotifyUrl(notifyUrl, settings.fetchAllowHosts);
  const { card, voice } = resolveNlsVoice(speech.voice, dependencies);
  const { speed, gain } = soundFactors(speech);
  const request = {
    ...{ model: card.id, voice, speed, ...spokenText(cleanText(speech.text).trim()) },
    ...(gain !== undefined && { gain }),
  };
  return {
    ...{ request, notifyUrl, format: speech.format, sampleRateHz: speech.sample_rate },
    wantsSentences: speech.enable_subtitle,
  };
}

/** What can be known now is told now; the rest shows when the address is used. */
function checkNotifyUrl(url: string, allowHosts: readonly string[]): void {
  try {
    checkUrl(url, allowHosts);
  } catch (caught) {
    const { code, message } = ChorusError.from(caught);
    throw new ChorusError(code, `notify_url: ${message}`, { param: 'notify_url' });
  }
}

/** Handles `GET /rest/v1/tts/async`. */
function readJob({ keys }: AppDependencies, jobs: AsyncJobs): Middleware<DoorState> {
  return async function readJob(ctx) {
    demandNls(keys, presented(ctx, {}));
    const id = new URLSearchParams(ctx.querystring).get('task_id') ?? '';
    if (id === '') {
      const message = 'The field task_id is missing.';
      throw new ChorusError('missing_field', message, { param: 'task_id' });
    }
    const job = TASK_ID.test(id) ? await jobs.find(id.toLowerCase()) : undefined;
    if (!job) throw new ChorusError('job_not_found', 'There is no such task, or no more.');
    const origin = jobs.settings.publicUrl ?? originOf(ctx.req);
    ctx.body = jobAnswer(job, { requestId: taskIdOf(ctx.state.requestId), origin });
  };
}

/** Handles `GET /rest/v1/tts/async/audio/…`: whoever knows the address may have the audio. */
function sendAudio(jobs: AsyncJobs): Middleware<DoorState> {
  return async function sendAudio(ctx) {
    const key: unknown = ctx['params'].key;
    const isKey = typeof key === 'string' && AUDIO_KEY_PATTERN.test(key);
    const found = isKey ? await jobs.findAudio(key) : undefined;
    if (!found) throw noAudio();
    const { job, path } = found;
    const file = await open(path).catch(() => Promise.reject(noAudio()));
    try {
      ctx.set(await audioHeaders(file, job.format));
      if (ctx.method === 'HEAD') ctx.status = 200;
      else await streamAnswer(ctx, file.createReadStream({ autoClose: false }));
    } finally {
      await file.close();
    }
  };
}

async function audioHeaders(file: FileHandle, format: SpeechFormat) {
  const { size } = await file.stat();
  return {
    'Content-Type': SPEECH_CONTENT_TYPES[format],
    'Content-Length': String(size),
    // The address is a key: nobody on the way shall keep what it opens, and no page pass it on.
    'Cache-Control': 'private, no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

function noAudio(): ChorusError {
  return new ChorusError('job_not_found', 'There is no such audio, or no more.');
}

/** Credentials may stand in the body too, and come first there. */
function presented(ctx: DoorContext, body: Readonly<Record<string, unknown>>): NlsCredentials {
  const { header } = validate(asyncHeaderSchema, body);
  const { token, appkey } = credentialsOf(ctx.headers, new URLSearchParams(ctx.querystring));
  return { token: header?.token || token, appkey: header?.appkey || appkey };
}

/** Whose job it is: the token's owner, wherever the token stands; kept as a digest. */
function clientOf(ctx: DoorContext, { token }: NlsCredentials): string {
  if (token === undefined) return ctx.state.claim.client;
  return clientOfKey(token);
}
