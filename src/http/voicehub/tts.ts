import type { Middleware } from 'koa';
import type { DoorContext, DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import type { SpeechJob } from '../speech.js';
import { speakToFile } from '../speech-file.js';
import { streamAnswer } from '../stream-answer.js';
import { Upload } from '../upload.js';
import { readVoiceBody } from './body.js';
import { spokenAnswer } from './spoken-answer.js';
import { type AskedTts, readTts } from './tts-request.js';
import type { Turns } from './turns.js';

/** Handles `POST /tts`: speaks a text and answers with the whole WAV file inside of JSON. */
export function createTts(dependencies: AppDependencies, turns: Turns): Middleware<DoorState> {
  return async function createTts(ctx) {
    const { signal } = ctx.state;
    const upload = await Upload.open(dependencies.spoolDir);
    try {
      const body = await readVoiceBody(ctx.req, { upload, signal, turns });
      const asked = await readTts({ body, upload, signal }, dependencies);
      await answer(ctx, dependencies, { asked, path: upload.path('speech.wav') });
    } finally {
      await upload.dispose();
    }
  };
}

interface Answering {
  readonly asked: AskedTts;
  /** Where the speech shall lie until it has left. */
  readonly path: string;
}

async function answer(
  ctx: DoorContext,
  dependencies: AppDependencies,
  { asked: { mode, request }, path }: Answering,
): Promise<void> {
  const { facts, requestId, claim, signal } = ctx.state;
  Object.assign(facts, { task: 'tts', model: request.model });
  const job: SpeechJob = {
    ...{ request, requestId, claim, signal },
    format: 'wav',
    sampleRateHz: undefined,
  };
  const spoken = await speakToFile(dependencies, job, path);
  facts.workerId = spoken.workerId;
  const { contentLength, chunks } = spokenAnswer({ path, spoken, mode });
  ctx.set({
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(contentLength),
    'X-Chorus-Worker': spoken.workerId,
    'X-Chorus-Model': spoken.model,
  });
  await streamAnswer(ctx, chunks);
}
