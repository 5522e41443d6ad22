import { digestOfFile, onceTaken } from '../protocol/digest.js';
import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio } from '../protocol/media.js';
import type {
  TranscriptEvent,
  TranscriptionRequest,
  TranscriptSegment,
} from '../protocol/requests.js';
import type { AcquireRequest, Lease, Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import type { Claim } from './context.js';
import { Tries } from './retry.js';
import { checkSegment, checkStart, type TranscriptNeed } from './transcription-needs.js';

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
  /** What an answer must have: without it, it fails as soon as that shows. */
  readonly needs?: readonly TranscriptNeed[];
}

/** What transcribing needs. */
export interface TranscriptionServices {
  readonly router: Router;
  readonly metrics: Metrics;
}

/** What is heard, as it is heard. */
export type HeardEvent =
  /**
   * First event. It comes again when a lost worker was replaced: then everything is heard anew, and
   * what was told before counts no more.
   */
  | {
      readonly type: 'start';
      readonly workerId: string;
      readonly model: string;
      readonly language: string;
    }
  | { readonly type: 'segment'; readonly segment: TranscriptSegment };

/**
 * Transcribes decoded audio, segment by segment; it ends well only after the last. The audio is on
 * disk, so a lost worker is replaced once.
 */
export async function* hear(
  { router, metrics }: TranscriptionServices,
  job: TranscriptionJob,
): AsyncGenerator<HeardEvent> {
  const place = placeOf(job);
  const { model } = job.request;
  const tries = new Tries((reason) => metrics.requests.retried('asr', reason));
  for (let resumes = false; ; resumes = true) {
    const lease = await router.acquire({ ...place, resumes }, job.signal);
    if (!resumes) metrics.requests.heard(model, job.audio.durationSeconds);
    try {
      yield* hearOn(lease, job, metrics);
      return;
    } catch (caught) {
      if (!tries.mayGoOn(caught, job.signal)) throw caught;
    } finally {
      lease.release();
    }
  }
}

/** Transcribes decoded audio as a whole. */
export async function transcribe(
  services: TranscriptionServices,
  job: TranscriptionJob,
): Promise<Transcript> {
  const { durationSeconds } = job.audio;
  let transcript = { workerId: '', model: '', language: '', durationSeconds };
  let segments: TranscriptSegment[] = [];
  for await (const event of hear(services, job)) {
    if (event.type === 'segment') {
      segments.push(event.segment);
      continue;
    }
    const { workerId, model, language } = event;
    transcript = { workerId, model, language, durationSeconds };
    segments = [];
  }
  return { ...transcript, segments };
}

function placeOf({ request, claim, audio, requestId }: TranscriptionJob): AcquireRequest {
  const { pcmPath, ...fields } = request;
  return {
    ...claim,
    service: 'asr',
    model: request.model,
    cost: audio.durationSeconds,
    requestId,
    digest: onceTaken(() => digestOfFile(pcmPath, fields)),
  };
}

async function* hearOn(
  lease: Lease,
  { request, signal, needs = [] }: TranscriptionJob,
  metrics: Metrics,
): AsyncGenerator<HeardEvent> {
  const { workerId, model } = lease;
  let isStarted = false;
  let isDone = false;
  for await (const event of lease.transcribe(request, signal)) {
    if (event.type === 'start') {
      checkStart(event, request);
      isStarted = true;
      yield { type: 'start', workerId, model, language: event.language };
    }
    if (event.type === 'usage') metrics.requests.used('asr', request.model, event.usage);
    if (event.type === 'segment') {
      checkSegment(event.segment, { model, needs });
      yield { type: 'segment', segment: event.segment };
    }
    isDone = endsWell(event);
  }
  if (isStarted && isDone) return;
  throw new ChorusError('replica_lost', 'The worker stopped in the middle of the transcript.');
}

function endsWell(event: TranscriptEvent): boolean {
  if (event.type === 'error') throw ChorusError.fromWire(event.error);
  return event.type === 'done';
}
