import { isSystemFormat, type MediaClient } from '../protocol/media.js';
import type { SynthesisRequest } from '../protocol/requests.js';
import type { Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import type { Claim } from './context.js';
import { encodable, EncodedSpeech, type SpeechEncoding, wantedRateHz } from './encoded-speech.js';
import { Tries } from './retry.js';
import type { SpeechMarks } from './speech-marks.js';
import { SpeechMeter } from './speech-meter.js';
import type { SpeechAttempt } from './speech-attempt.js';
import { SpeechSource } from './speech-source.js';

/** A request to speak, as an API family hands it over. */
export interface SpeechJob extends SpeechEncoding {
  readonly request: SynthesisRequest;
  readonly requestId: string;
  readonly claim: Claim;
  readonly signal: AbortSignal;
}

/** An answer whose first encoded byte is there. */
export interface SpeechAnswer {
  /** The worker that began it; another may have to end it. */
  readonly workerId: string;
  readonly model: string;
  /** Rate of the audio in the chunks. */
  readonly sampleRateHz: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What is said in the chunks so far, and how long they are. */
  readonly marks: SpeechMarks;
}

/** Sends an answer to the client; resolves when its last byte has left. */
export type DeliverSpeech = (answer: SpeechAnswer) => Promise<void>;

/** What speaking needs. */
export interface SpeechServices {
  readonly router: Router;
  readonly media: MediaClient;
  readonly metrics: Metrics;
}

/**
 * Speaks and delivers. Nothing is delivered before audio is encoded, so every failure until then
 * is thrown while an error can still be answered. A lost worker is replaced at any time, a lost
 * encoder only before the first byte: its state is the answer's. The lease is given back when all is
 * spoken, or when the delivery has ended before, however it ended.
 */
export async function speak(
  services: SpeechServices,
  job: SpeechJob,
  deliver: DeliverSpeech,
): Promise<void> {
  const { requests } = services.metrics;
  const onRetry = (reason: string): void => requests.retried('tts', reason);
  const tries = new Tries(onRetry);
  await checkFormat(services.media, job, tries);
  const meter = new SpeechMeter(requests, job.request.model);
  for (let resumes = false; ; resumes = true) {
    const speech = new Speech(services, job, { resumes, meter, onRetry });
    try {
      await speech.start();
    } catch (caught) {
      speech.stop();
      if (speech.workerFailed || !tries.mayGoOn(caught, job.signal)) throw caught;
      meter.beginAgain();
      continue;
    }
    try {
      return await deliver(speech.answer);
    } finally {
      speech.stop();
      meter.end();
    }
  }
}

/** What cannot be encoded is not spoken either. */
async function checkFormat(
  media: MediaClient,
  { format, signal }: SpeechJob,
  tries: Tries,
): Promise<void> {
  while (isSystemFormat(format)) {
    try {
      return await media.checkFormat(format, signal);
    } catch (caught) {
      if (!tries.mayGoOn(caught, signal)) throw caught;
    }
  }
}

/** One attempt: the workers' audio on one side, the encoder on the other. */
class Speech {
  readonly #job: SpeechJob;
  readonly #source: SpeechSource;
  readonly #encoded: EncodedSpeech;
  readonly #meter: SpeechMeter;

  constructor({ router, media }: SpeechServices, job: SpeechJob, attempt: SpeechAttempt) {
    this.#job = job;
    const { requestId, claim, signal, pitch } = job;
    const request = workersRequest(job);
    const source = { request, requestId, claim, signal, pitch, ...attempt };
    this.#source = new SpeechSource(router, source);
    const encoding = { media, encoding: job, request, signal, trace: claim.trace };
    this.#encoded = new EncodedSpeech(this.#source, encoding);
    this.#meter = attempt.meter;
  }

  /** Whether the workers were at fault: they have had their second attempt then. */
  get workerFailed(): boolean {
    return this.#source.failed;
  }

  get answer(): SpeechAnswer {
    const { workerId, model } = this.#source.worker;
    return {
      ...{ workerId, model, chunks: this.#encoded, marks: this.#source.marks },
      sampleRateHz: wantedRateHz(this.#job) ?? this.#source.sampleRateHz,
    };
  }

  /** Waits for the first encoded byte; the encoder starts while the first audio is computed. */
  async start(): Promise<void> {
    await this.#source.open();
    await this.#source.begin();
    await this.#encoded.start();
    this.#meter.firstByte();
  }

  /** Frees the worker and the encoder, whatever they still do. */
  stop(): void {
    this.#source.close();
    this.#encoded.stop();
  }
}

function workersRequest(job: SpeechJob): SynthesisRequest {
  const isBulk = job.claim.class === 'bulk';
  return encodable({ ...job.request, ...(isBulk && { bulk: true }) }, job);
}
