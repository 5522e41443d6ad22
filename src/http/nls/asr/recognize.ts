import type { Middleware } from 'koa';
import type { ModelCard } from '../../../models/card.js';
import { ChorusError } from '../../../protocol/errors.js';
import { inSpan } from '../../../protocol/in-span.js';
import type { DoorContext, DoorState } from '../../context.js';
import type { AppDependencies } from '../../dependencies.js';
import { transcribe, type Transcript } from '../../transcription.js';
import { Upload } from '../../upload.js';
import { queryOf } from '../demand.js';
import { queryFields } from '../loose-fields.js';
import { NLS_STATUS } from '../status-codes.js';
import { taskIdOf } from '../task-id.js';
import { type AsrFields, readAsrFields } from './asr-fields.js';
import { resolveNlsAsrModel } from './asr-model.js';
import { MAX_NLS_AUDIO_BYTES } from './limits.js';
import { receiveAudio } from './receive-audio.js';
import { transcriptText } from './transcript-text.js';

/** Rate that recognition models hear. */
const SAMPLE_RATE_HZ = 16_000;

/** A request that is in order; its audio is still to come. */
interface Asked {
  readonly fields: AsrFields;
  readonly card: ModelCard;
}

/** Handles `POST /stream/v1/asr`. */
export function recognize(dependencies: AppDependencies): Middleware<DoorState> {
  return async function recognize(ctx) {
    const asked = readAsked(ctx, dependencies);
    Object.assign(ctx.state.facts, { task: 'asr', model: asked.card.id });
    const upload = await Upload.open(dependencies.spoolDir);
    try {
      const transcript = await hearUpload(ctx, dependencies, { asked, upload });
      // Nobody shall find the file there who has the answer.
      await upload.dispose();
      await answer(ctx, transcript, asked);
    } finally {
      await upload.dispose();
    }
  };
}

function readAsked(ctx: DoorContext, { catalogue, settings }: AppDependencies): Asked {
  if (settings.asrModelMode === 'realtime') {
    const message =
      'ASR_MODEL_MODE is realtime: this server hears live speech only, no files; use /ws/v1/asr.';
    throw new ChorusError('wrong_task', message);
  }
  const fields = readAsrFields(queryFields(queryOf(ctx)));
  return { fields, card: resolveNlsAsrModel(fields.customization_id, catalogue) };
}

async function hearUpload(
  ctx: DoorContext,
  dependencies: AppDependencies,
  { asked: { fields, card }, upload }: { readonly asked: Asked; readonly upload: Upload },
): Promise<Transcript> {
  const { signal, requestId, claim } = ctx.state;
  const { settings, media, metrics } = dependencies;
  const inputPath = await receiveAudio(ctx, {
    ...{ fields, upload, allowHosts: settings.fetchAllowHosts },
    maxBytes: Math.min(MAX_NLS_AUDIO_BYTES, settings.maxUploadBytes),
  });
  const receivedAtMs = performance.now();
  const outputPath = upload.path('pcm');
  const audio = await inSpan(claim.trace?.start('decode'), () =>
    media.decode({ inputPath, outputPath, sampleRateHz: SAMPLE_RATE_HZ }, signal),
  );
  const pcm = { pcmPath: outputPath, samples: audio.samples };
  const request = { model: card.id, temperature: 0, ...pcm };
  const transcript = await transcribe(dependencies, { request, requestId, claim, audio, signal });
  metrics.requests.finalDelay(card.id, (performance.now() - receivedAtMs) / 1000);
  return transcript;
}

async function answer(ctx: DoorContext, transcript: Transcript, { fields }: Asked): Promise<void> {
  const { workerId, model } = transcript;
  const taskId = taskIdOf(ctx.state.requestId);
  const result = await transcriptText(transcript, fields);
  ctx.state.facts.workerId = workerId;
  ctx.set({ task_id: taskId, 'X-Chorus-Worker': workerId, 'X-Chorus-Model': model });
  if (fields.vocabulary_id !== undefined) ctx.set('X-Chorus-Ignored', 'vocabulary_id');
  ctx.body = { task_id: taskId, result, status: NLS_STATUS.success, message: 'SUCCESS' };
}
