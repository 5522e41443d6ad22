import type { Middleware } from 'koa';
import type { z } from 'zod';
import type { ModelCard } from '../../models/card.js';
import { ChorusError } from '../../protocol/errors.js';
import { inSpan } from '../../protocol/in-span.js';
import type { DoorContext, DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { checkLanguage } from '../languages.js';
import { readForm } from '../multipart.js';
import { type Transcript, transcribe } from '../transcription.js';
import { type SpooledFile, Upload, type UploadedForm } from '../upload.js';
import { validate } from '../validate.js';
import { transcriptBody } from './transcript-body.js';
import { formFields, transcriptionSchema } from './transcription-schema.js';

/** Rate that recognition models hear. */
const SAMPLE_RATE_HZ = 16_000;

/** Handles `POST /v1/audio/transcriptions`. */
export function createTranscription(dependencies: AppDependencies): Middleware<DoorState> {
  return async function createTranscription(ctx) {
    const upload = await Upload.open(dependencies.spoolDir);
    try {
      const form = await readForm(ctx.req, {
        fileField: 'file',
        filePath: upload.path('file'),
        maxFileBytes: dependencies.settings.maxUploadBytes,
        signal: ctx.state.signal,
      });
      await answer(ctx, new Task(form, upload, dependencies));
    } finally {
      await upload.dispose();
    }
  };
}

async function answer(ctx: DoorContext, task: Task): Promise<void> {
  const { facts, requestId, claim, signal } = ctx.state;
  Object.assign(facts, { task: 'asr', model: task.card.id });
  const transcript = await task.run({ requestId, claim, signal });
  facts.workerId = transcript.workerId;
  const { contentType, body } = transcriptBody(transcript, task.fields.response_format);
  ctx.set({
    'Content-Type': contentType,
    'X-Chorus-Worker': transcript.workerId,
    'X-Chorus-Model': transcript.model,
  });
  ctx.body = body;
}

type Asked = Pick<DoorState, 'requestId' | 'claim' | 'signal'>;

/** One transcription: everything is checked when it is made, and only then decoded and heard. */
class Task {
  readonly fields: z.output<typeof transcriptionSchema>;
  readonly card: ModelCard;
  readonly #file: SpooledFile;
  readonly #upload: Upload;
  readonly #dependencies: AppDependencies;

  constructor(form: UploadedForm, upload: Upload, dependencies: AppDependencies) {
    const { catalogue } = dependencies;
    this.#file = demandFile(form);
    this.fields = validate(transcriptionSchema, formFields(form.fields));
    this.card = catalogue.resolveModel(this.fields.model, 'asr');
    if (this.fields.language !== undefined) {
      checkLanguage(this.fields.language, this.card, catalogue);
    }
    this.#upload = upload;
    this.#dependencies = dependencies;
  }

  async run({ requestId, claim, signal }: Asked): Promise<Transcript> {
    const uploadedAtMs = performance.now();
    const { media, router, metrics } = this.#dependencies;
    const pcmPath = this.#upload.path('pcm');
    const paths = { inputPath: this.#file.path, outputPath: pcmPath };
    const audio = await inSpan(claim.trace?.start('decode'), () =>
      media.decode({ ...paths, sampleRateHz: SAMPLE_RATE_HZ }, signal),
    );
    const { language, prompt, temperature } = this.fields;
    const request = {
      model: this.card.id,
      pcmPath,
      samples: audio.samples,
      temperature,
      ...(language !== undefined && { language }),
      ...(prompt !== undefined && { prompt }),
    };
    const job = { request, requestId, claim, audio, signal };
    const transcript = await transcribe({ router, metrics }, job);
    metrics.requests.finalDelay(this.card.id, (performance.now() - uploadedAtMs) / 1000);
    return transcript;
  }
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
