import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio } from '../protocol/media.js';
import type {
  TranscriptEvent,
  TranscriptionRequest,
  TranscriptSegment,
  Usage,
} from '../protocol/requests.js';
import type { AcquireRequest, Lease, Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import { digestOfFile, onceTaken } from '../protocol/digest.js';
import type { Claim } from './context.js';
import { Tries } from './retry.js';

/** A finished transcript, before a family draws it. */
export interface Transcript {
  readonly workerId: string;
  readonly model: string;
  /** ISO 639-1. */
  readonly language: string;
  readonly durationSeconds: number;
  readonly segments: readonly TranscriptSegment[];
}

/** A request to transcribe decoded audio. */
export interface TranscriptionJob {
  readonly request: TranscriptionRequest;
  readonly requestId: string;
  readonly claim: Claim;
  readonly audio: DecodedAudio;
  readonly signal: AbortSignal;
}

/** What transcribing needs. */
export interface TranscriptionServices {
  readonly router: Router;
  readonly metrics: Metrics;
}

/** Transcribes decoded audio; the audio is on disk, so a lost worker is replaced once. */
export async function transcribe(
  { router, metrics }: TranscriptionServices,
  job: TranscriptionJob,
): Promise<Transcript> {
  const { pcmPath, ...fields } = job.request;
  const place: AcquireRequest = {
    ...job.claim,
    service: 'asr',
    model: job.request.model,
    cost: job.audio.durationSeconds,
    requestId: job.requestId,
    digest: onceTaken(() => digestOfFile(pcmPath, fields)),
  };
  const { model } = job.request;
  const tries = new Tries((reason) => metrics.requests.retried('asr', reason));
  for (let resumes = false; ; resumes = true) {
    const lease = await router.acquire({ ...place, resumes }, job.signal);
    if (!resumes) metrics.requests.heard(model, job.audio.durationSeconds);
    try {
      return await transcribeOn(lease, job, (usage) => metrics.requests.used('asr', model, usage));
    } catch (caught) {
      if (!tries.mayGoOn(caught, job.signal)) throw caught;
    } finally {
      lease.release();
    }
  }
}

async function transcribeOn(
  lease: Lease,
  job: TranscriptionJob,
  onUsage: (usage: Usage) => void,
): Promise<Transcript> {
  const segments: TranscriptSegment[] = [];
  let language = job.request.language;
  let done = false;
  for await (const event of lease.transcribe(job.request, job.signal)) {
    if (event.type === 'start') language = event.language;
    if (event.type === 'usage') onUsage(event.usage);
    if (event.type === 'segment') segments.push(event.segment);
    done = isDone(event);
  }
  if (!done || language === undefined) {
    throw new ChorusError('replica_lost', 'The worker stopped in the middle of the transcript.');
  }
  const { durationSeconds } = job.audio;
  return { workerId: lease.workerId, model: lease.model, language, durationSeconds, segments };
}

function isDone(event: TranscriptEvent): boolean {
  if (event.type === 'error') throw ChorusError.fromWire(event.error);
  return event.type === 'done';
}
