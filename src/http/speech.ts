import { streamedWavHeader } from '../audio/wav-header.js';
import { ChorusError } from '../protocol/errors.js';
import { readInSpan } from '../protocol/in-span.js';
import { isSystemFormat, type MediaClient, type SpeechFormat } from '../protocol/media.js';
import { isS16, type SynthesisRequest } from '../protocol/requests.js';
import type { Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import type { Claim } from './context.js';
import { Tries } from './retry.js';
import type { SpeechMarks } from './speech-marks.js';
import { SpeechMeter } from './speech-meter.js';
import { type SpeechAttempt, SpeechSource } from './speech-source.js';

/** Rates that a format has whatever the voice's own rate is; the others keep the voice's. */
const FORMAT_RATES_HZ: Partial<Record<SpeechFormat, number>> = { pcm: 24_000, opus: 48_000 };

/** A request to speak, as an API family hands it over. */
export interface SpeechJob {
  readonly request: SynthesisRequest;
  readonly requestId: string;
  readonly claim: Claim;
  readonly format: SpeechFormat;
  /** Overrides the format's rate; opus keeps its own. */
  readonly sampleRateHz: number | undefined;
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

/**
 * One attempt: the workers' audio on one side, the encoder on the other. Where the format is nothing
 * but 16-bit samples of the voice's own rate, workers make them themselves and nobody encodes.
 */
class Speech implements AsyncIterableIterator<Uint8Array> {
  readonly #job: SpeechJob;
  readonly #request: SynthesisRequest;
  readonly #media: MediaClient;
  readonly #source: SpeechSource;
  readonly #meter: SpeechMeter;
  /** Ends the encoding, if there is one. */
  #end: AbortController | undefined;
  #encoded: AsyncIterator<Uint8Array> | undefined;
  #first: Uint8Array | undefined;
  #failure: ChorusError | undefined;
  #delivered = false;
  #hasAudio = false;
  #spoken = false;

  constructor({ router, media }: SpeechServices, job: SpeechJob, attempt: SpeechAttempt) {
    this.#job = job;
    this.#media = media;
    this.#request = workersRequest(job);
    const { requestId, claim, signal } = job;
    this.#source = new SpeechSource(router, {
      request: this.#request,
      requestId,
      claim,
      signal,
      ...attempt,
    });
    this.#meter = attempt.meter;
  }

  /** Whether the workers were at fault: they have had their second attempt then. */
  get workerFailed(): boolean {
    return this.#source.failed;
  }

  get answer(): SpeechAnswer {
    const { workerId, model } = this.#source.worker;
    return {
      ...{ workerId, model, chunks: this, marks: this.#source.marks },
      sampleRateHz: wantedRateHz(this.#job) ?? this.#source.sampleRateHz,
    };
  }

  /** Waits for the first encoded byte; the encoder starts while the first audio is computed. */
  async start(): Promise<void> {
    await this.#source.open();
    await this.#source.begin();
    this.#encoded = this.#encode();
    this.#first = await this.#nextEncoded();
    if (this.#first === undefined) {
      throw new ChorusError('internal', 'The encoder made nothing of the audio.');
    }
    this.#meter.firstByte();
  }

  /** Frees the worker and the encoder, whatever they still do. */
  stop(): void {
    this.#source.close();
    if (this.#delivered) return;
    this.#end?.abort(new ChorusError('canceled', 'The answer is not wanted any more.'));
    void this.#encoded?.return?.().catch(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next encoded bytes; call after `start()`. */
  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#first ?? (await this.#nextEncoded());
    this.#first = undefined;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  #encode(): AsyncIterator<Uint8Array> {
    const { format } = this.#job;
    const inputSampleRateHz = this.#source.sampleRateHz;
    if (isS16(this.#request, inputSampleRateHz)) return this.#plain();
    const outputSampleRateHz = wantedRateHz(this.#job) ?? inputSampleRateHz;
    const request = { format, inputSampleRateHz, outputSampleRateHz };
    this.#end = new AbortController();
    const signal = AbortSignal.any([this.#job.signal, this.#end.signal]);
    const encoded = this.#media.encode(request, this.#pcm(), signal);
    return readInSpan(this.#job.claim.trace?.start('encode', { 'chorus.format': format }), encoded);
  }

  /** The header leaves with the first audio: before it an error can still be answered. */
  async *#plain(): AsyncGenerator<Uint8Array> {
    let pcm = await this.#nextAudio();
    if (this.#job.format === 'wav') yield streamedWavHeader(this.#source.sampleRateHz);
    for (; pcm !== undefined; pcm = await this.#nextAudio()) yield pcm;
  }

  async *#pcm(): AsyncGenerator<Uint8Array> {
    try {
      let pcm = await this.#nextAudio();
      for (; pcm !== undefined; pcm = await this.#nextAudio()) yield pcm;
    } catch (caught) {
      this.#failure = ChorusError.from(caught);
      throw this.#failure;
    }
  }

  /** @throws ChorusError `unspeakable_text` if there is none at all. */
  async #nextAudio(): Promise<Uint8Array | undefined> {
    const pcm = await this.#source.next();
    if (pcm === undefined && !this.#hasAudio) {
      const message = 'The input holds nothing that can be spoken.';
      throw new ChorusError('unspeakable_text', message, { param: 'input' });
    }
    this.#hasAudio = true;
    this.#spoken = pcm === undefined;
    return pcm;
  }

  /** An encoder that ends well although its source did not must not make a short answer look whole. */
  async #nextEncoded(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = await this.#encoded?.next();
      if (this.#failure !== undefined) throw this.#failure;
      if (next === undefined || next.done === true) break;
      if (next.value.byteLength > 0) return next.value;
    }
    if (!this.#spoken) {
      throw new ChorusError('internal', 'The encoder ended before the speech did.');
    }
    this.#delivered = true;
    return undefined;
  }
}

/** Rate of the answer; undefined = the voice's own. */
function wantedRateHz({ format, sampleRateHz }: SpeechJob): number | undefined {
  const fixed = FORMAT_RATES_HZ[format];
  return format === 'opus' ? fixed : (sampleRateHz ?? fixed);
}

/** What the workers are asked: for 16-bit samples too, where they are the whole of the answer. */
function workersRequest(job: SpeechJob): SynthesisRequest {
  const isPlain = job.format === 'pcm' || job.format === 'wav';
  return {
    ...job.request,
    ...(job.claim.class === 'bulk' && { bulk: true }),
    ...(isPlain && { s16RateHz: wantedRateHz(job) ?? 'any' }),
  };
}
