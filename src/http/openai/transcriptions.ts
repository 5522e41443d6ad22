import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { inSpan } from '../../protocol/in-span.js';
import type { ModelNames } from '../catalogue-port.js';
import type { DoorContext, DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { readForm } from '../multipart.js';
import { hear, transcribe, type TranscriptionJob } from '../transcription.js';
import { type SpooledFile, Upload, type UploadedForm } from '../upload.js';
import { transcriptBody } from './transcript-body.js';
import { streamTranscript } from './transcript-stream.js';
import { type FormFields, formFields } from './transcription-form.js';
import {
  type AskedTranscript,
  readTranscription,
  readTranslation,
} from './transcription-request.js';

/** Rate that recognition models hear. */
const SAMPLE_RATE_HZ = 16_000;

/** Reads the fields of one of the two routes. */
type ReadFields = (form: FormFields, catalogue: ModelNames) => AskedTranscript;

/** Handles `POST /v1/audio/transcriptions`. */
export function createTranscription(dependencies: AppDependencies): Middleware<DoorState> {
  return async function createTranscription(ctx) {
    await withUpload(ctx, { dependencies, read: readTranscription });
  };
}

/** Handles `POST /v1/audio/translations`: what is spoken in any language, written in English. */
export function createTranslation(dependencies: AppDependencies): Middleware<DoorState> {
  return async function createTranslation(ctx) {
    await withUpload(ctx, { dependencies, read: readTranslation });
  };
}

interface RouteOptions {
  readonly dependencies: AppDependencies;
  readonly read: ReadFields;
}

async function withUpload(ctx: DoorContext, { dependencies, read }: RouteOptions): Promise<void> {
  const upload = await Upload.open(dependencies.spoolDir);
  try {
    const form = await readForm(ctx.req, {
      fileField: 'file',
      filePath: upload.path('file'),
      maxFileBytes: dependencies.settings.maxUploadBytes,
      signal: ctx.state.signal,
    });
    const file = demandFile(form);
    const asked = read(formFields(form.fields), dependencies.catalogue);
    await answer(ctx, dependencies, { asked, file, upload });
  } finally {
    await upload.dispose();
  }
}

interface Received {
  readonly asked: AskedTranscript;
  readonly file: SpooledFile;
  /** Owns the file, and the decoded audio too. */
  readonly upload: Upload;
}

/** Everything has been checked by now; the audio is decoded and heard. */
async function answer(
  ctx: DoorContext,
  dependencies: AppDependencies,
  received: Received,
): Promise<void> {
  const { card, streams, style } = received.asked;
  const { metrics } = dependencies;
  const uploadedAtMs = performance.now();
  Object.assign(ctx.state.facts, { task: 'asr', model: card.id });
  const job = await decode(ctx, dependencies, received);
  const onEnd = (): Promise<void> => {
    metrics.requests.finalDelay(card.id, (performance.now() - uploadedAtMs) / 1000);
    // Nobody shall find the file there who has the answer.
    return received.upload.dispose();
  };
  if (streams) {
    const { durationSeconds } = job.audio;
    const { hasLogprobs } = style;
    await streamTranscript(ctx, hear(dependencies, job), { durationSeconds, hasLogprobs, onEnd });
    return;
  }
  const transcript = await transcribe(dependencies, job);
  await onEnd();
  const { contentType, body } = await transcriptBody(transcript, style);
  ctx.state.facts.workerId = transcript.workerId;
  ctx.set({
    'Content-Type': contentType,
    'X-Chorus-Worker': transcript.workerId,
    'X-Chorus-Model': transcript.model,
  });
  ctx.body = body;
}

async function decode(
  { state: { requestId, claim, signal } }: DoorContext,
  { media }: AppDependencies,
  { asked: { request, needs }, file, upload }: Received,
): Promise<TranscriptionJob> {
  const pcmPath = upload.path('pcm');
  const paths = { inputPath: file.path, outputPath: pcmPath };
  const audio = await inSpan(claim.trace?.start('decode'), () =>
    media.decode({ ...paths, sampleRateHz: SAMPLE_RATE_HZ }, signal),
  );
  const whole = { ...request, pcmPath, samples: audio.samples };
  return { request: whole, requestId, claim, audio, signal, needs };
}

function demandFile(form: UploadedForm): SpooledFile {
  if (form.file === undefined) {
    const message = form.fields.has('file')
      ? 'The field file must be an uploaded file with a name; with curl: -F file=@speech.wav.'
      : 'The field file is missing.';
    throw new ChorusError('missing_field', message, { param: 'file' });
  }
  if (form.file.bytes === 0) {
    throw new ChorusError('empty_audio', 'The uploaded file is empty.', { param: 'file' });
  }
  return form.file;
}
