import { ChorusError } from '../protocol/errors.js';
import type { MediaClient, SpeechFormat } from '../protocol/media.js';
import type { SpeechEvent, SynthesisRequest } from '../protocol/requests.js';
import type { Lease, Router } from '../supervisor/router.js';
import { maySucceedElsewhere } from './retry.js';
import { codePoints } from './validate.js';

/** Rates that a format has whatever the voice's own rate is; the others keep the voice's. */
const FORMAT_RATES_HZ: Partial<Record<SpeechFormat, number>> = { pcm: 24_000, opus: 48_000 };

/** A request to speak, as an API family hands it over. */
export interface SpeechJob {
  readonly request: SynthesisRequest;
  readonly format: SpeechFormat;
  /** Overrides the format's rate; opus keeps its own. */
  readonly sampleRateHz: number | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose first encoded byte is there. */
export interface SpeechAnswer {
  readonly workerId: string;
  readonly model: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Sends an answer to the client; resolves when its last byte has left. */
export type DeliverSpeech = (answer: SpeechAnswer) => Promise<void>;

/** What speaking needs. */
export interface SpeechServices {
  readonly router: Router;
  readonly media: MediaClient;
}

/**
 * Speaks and delivers. Nothing is delivered before audio is encoded, so every failure until then
 * is thrown while an error can still be answered; a lost worker is replaced once. The lease is
 * given back when the delivery has ended, however it ended.
 */
export async function speak(
  services: SpeechServices,
  job: SpeechJob,
  deliver: DeliverSpeech,
): Promise<void> {
  const place = {
    service: 'tts',
    model: job.request.model,
    cost: codePoints(job.request.text),
  } as const;
  for (let attempt = 1; ; attempt += 1) {
    const lease = await services.router.acquire(place, job.signal);
    const speech = new Speech(lease, services.media, job);
    try {
      await speech.start();
    } catch (caught) {
      speech.stop();
      lease.release();
      if (maySucceedElsewhere(caught, { attempt, signal: job.signal })) continue;
      throw caught;
    }
    try {
      return await deliver(speech);
    } finally {
      speech.stop();
      lease.release();
    }
  }
}

/** One attempt: the worker's events on one side, the encoder on the other. */
class Speech implements SpeechAnswer {
  readonly workerId: string;
  readonly model: string;
  readonly #job: SpeechJob;
  readonly #media: MediaClient;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #events: AsyncIterator<SpeechEvent>;
  #encoded: AsyncIterator<Uint8Array> | undefined;
  #first: Uint8Array | undefined;
  #failure: ChorusError | undefined;
  #spoken = false;
  #delivered = false;

  constructor(lease: Lease, media: MediaClient, job: SpeechJob) {
    this.workerId = lease.workerId;
    this.model = lease.model;
    this.#job = job;
    this.#media = media;
    this.#signal = AbortSignal.any([job.signal, this.#end.signal]);
    this.#events = lease.synthesize(job.request, this.#signal)[Symbol.asyncIterator]();
  }

  /** Waits for the first audio, then for the first encoded byte. */
  async start(): Promise<void> {
    const started = await this.#nextEvent();
    if (started?.type !== 'start') {
      throw new ChorusError('internal', 'The worker began an answer without its start event.');
    }
    const firstAudio = await this.#nextAudio();
    if (firstAudio === undefined) {
      const message = 'The input holds nothing that can be spoken.';
      throw new ChorusError('unspeakable_text', message, { param: 'input' });
    }
    this.#encoded = this.#encode(started.sampleRateHz, firstAudio);
    this.#first = await this.#nextEncoded();
    if (this.#first === undefined) {
      throw new ChorusError('internal', 'The encoder made nothing of the audio.');
    }
  }

  get chunks(): AsyncIterable<Uint8Array> {
    return this.#chunks();
  }

  /** Frees the worker and the encoder if they still work; does nothing after a full answer. */
  stop(): void {
    if (this.#delivered) return;
    this.#end.abort(new ChorusError('canceled', 'The answer is not wanted any more.'));
    const ignore = (): undefined => undefined;
    void this.#encoded?.return?.().catch(ignore);
    void this.#events.return?.().catch(ignore);
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    let chunk = this.#first;
    while (chunk !== undefined) {
      yield chunk;
      chunk = await this.#nextEncoded();
    }
  }

  #encode(inputSampleRateHz: number, firstAudio: Uint8Array): AsyncIterator<Uint8Array> {
    const { format, sampleRateHz } = this.#job;
    const fixed = FORMAT_RATES_HZ[format];
    const wanted = format === 'opus' ? fixed : (sampleRateHz ?? fixed);
    const outputSampleRateHz = wanted ?? inputSampleRateHz;
    const request = { format, inputSampleRateHz, outputSampleRateHz };
    const encoded = this.#media.encode(request, this.#pcm(firstAudio), this.#signal);
    return encoded[Symbol.asyncIterator]();
  }

  async *#pcm(firstAudio: Uint8Array): AsyncGenerator<Uint8Array> {
    try {
      let pcm: Uint8Array | undefined = firstAudio;
      while (pcm !== undefined) {
        yield pcm;
        pcm = await this.#nextAudio();
      }
    } catch (caught) {
      this.#failure = ChorusError.from(caught);
      throw this.#failure;
    }
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

  async #nextAudio(): Promise<Uint8Array | undefined> {
    for (;;) {
      const event = await this.#nextEvent();
      if (event === undefined) return undefined;
      if (event.type === 'audio' && event.pcm.byteLength > 0) return event.pcm;
    }
  }

  /** The next event, or undefined after the last; an end without `done` is a lost worker. */
  async #nextEvent(): Promise<SpeechEvent | undefined> {
    for (;;) {
      const next = await this.#events.next();
      if (next.done === true) break;
      if (next.value.type === 'error') throw ChorusError.fromWire(next.value.error);
      if (next.value.type !== 'done') return next.value;
      this.#spoken = true;
    }
    if (this.#spoken) return undefined;
    throw new ChorusError('replica_lost', 'The worker stopped in the middle of the answer.');
  }
}
