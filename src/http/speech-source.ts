import { ChorusError } from '../protocol/errors.js';
import type { SpeechEvent } from '../protocol/requests.js';
import type { AcquireRequest, Lease, Router } from '../routing/router.js';
import { digestOf } from '../protocol/digest.js';
import { Tries } from './retry.js';
import type { SpeechSourceOptions } from './speech-attempt.js';
import { SpeechMarks } from './speech-marks.js';
import { SpeechPosition } from './speech-position.js';
import { codePoints } from './validate.js';

/** A reader that takes nothing for so long has enough for now: the buffers after us are full. */
const PAUSE_AFTER_MS = 500;

/**
 * The audio of one request, whoever speaks it: when a worker is lost, another goes on with what is
 * still missing. Holds one lease at a time, from `open()` until all is spoken or `close()`, but not
 * while its reader takes nothing.
 */
export class SpeechSource {
  readonly #router: Pick<Router, 'acquire'>;
  readonly #options: SpeechSourceOptions;
  readonly #characters: number;
  readonly #position = new SpeechPosition();
  /** What is said, and when. */
  readonly marks: SpeechMarks;
  #lease: Lease | undefined;
  #events: AsyncIterator<SpeechEvent> | undefined;
  /** Tries at the same place of the audio. */
  readonly #tries: Tries;
  #isHolding = false;
  /** Whether there was audio of the worker that speaks now, or spoke last. */
  #cameFurther = false;
  /** Whether the reader waits for audio now. */
  #isWanted = false;
  #isPaused = false;
  #readerWatch: NodeJS.Timeout | undefined;
  #failed = true;
  #spoken = false;
  #closed = false;

  constructor(router: Pick<Router, 'acquire'>, options: SpeechSourceOptions) {
    this.#router = router;
    this.#options = options;
    this.marks = new SpeechMarks(options.pitch);
    this.#characters = codePoints(options.request.text);
    this.#tries = new Tries(options.onRetry);
  }

  /** Whether it was the speaking that failed, here and elsewhere, and not what became of the audio. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The worker that speaks; call after `open()`. */
  get worker(): { readonly workerId: string; readonly model: string } {
    if (!this.#lease) throw new Error('The speech source is not open.');
    return this.#lease;
  }

  /** Rate of the audio; call after `begin()`. */
  get sampleRateHz(): number {
    return this.#position.sampleRateHz;
  }

  /** Waits for a place. */
  async open(): Promise<void> {
    this.#take(await this.#acquire());
  }

  /** Waits until a worker has begun, which it says before it has computed any audio. */
  async begin(): Promise<void> {
    await this.#read(() => this.#startOfWorker());
  }

  /** The next audio, at least one sample; undefined at the end. */
  next(): Promise<Uint8Array | undefined> {
    return this.#read(() => this.#nextOfWorker());
  }

  /** Ends the work if it has not ended, and gives the place back. Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#readerWatch);
    this.#leave();
  }

  /** A reader that is full lets others have the place; the audio goes on where it was. */
  #watchReader(): void {
    this.#readerWatch ??= setTimeout(() => this.#pauseUnlessWanted(), PAUSE_AFTER_MS);
    this.#readerWatch.refresh();
  }

  #pauseUnlessWanted(): void {
    if (this.#isWanted || !this.#isHolding) return;
    this.#isPaused = true;
    this.#lease?.pause();
  }

  async #comeBack(): Promise<void> {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    await this.#lease?.resume(this.#options.signal);
  }

  #leave(): void {
    const events = this.#events;
    this.#events = undefined;
    if (!this.#spoken) void events?.return?.().catch(() => undefined);
    this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#lease?.release();
  }

  /** Reads what workers send, whichever of them sends it in the end. */
  async #read<Part>(part: () => Promise<Part>): Promise<Part> {
    this.#isWanted = true;
    this.#options.meter.wanted();
    try {
      for (;;) {
        try {
          await this.#comeBack();
          return await part();
        } catch (caught) {
          await this.#goOnElsewhere(caught);
        }
      }
    } finally {
      this.#isWanted = false;
    }
  }

  async #startOfWorker(): Promise<void> {
    while (this.sampleRateHz === 0) if ((await this.#nextEvent()) === undefined) return;
  }

  async #nextOfWorker(): Promise<Uint8Array | undefined> {
    for (;;) {
      const event = await this.#nextEvent();
      if (event === undefined) break;
      if (event.type === 'audio' && event.pcm.byteLength > 0) {
        this.#tries.reset();
        this.#cameFurther = true;
        this.#watchReader();
        return event.pcm;
      }
    }
    // The worker has nothing left to do for this request, however long its delivery takes.
    this.#giveBack();
    return undefined;
  }

  /** @returns undefined when all is spoken. */
  async #nextEvent(): Promise<SpeechEvent | undefined> {
    const next = await this.#events?.next();
    if (next === undefined || next.done === true) {
      if (this.#spoken) return undefined;
      throw new ChorusError('replica_lost', 'The worker stopped in the middle of the answer.');
    }
    const event = next.value;
    if (event.type === 'error') throw ChorusError.fromWire(event.error);
    if (event.type === 'done') this.#spoken = true;
    this.#measure(event);
    this.#position.advance(event);
    this.marks.advance(event);
    return event;
  }

  #measure(event: SpeechEvent): void {
    const { meter, pitch = 1 } = this.#options;
    const position = this.#position;
    if (event.type === 'usage') meter.used(event.usage);
    if (event.type === 'audible')
      meter.audibleAfter(position.secondsOf(event.afterSamples) / pitch);
    if (event.type === 'audio') meter.audio(position.secondsOfBytes(event.pcm.byteLength) / pitch);
  }

  async #goOnElsewhere(caught: unknown): Promise<void> {
    const { signal } = this.#options;
    const resume = this.#position.resumePoint();
    if (!resume || !this.#tries.mayGoOn(caught, signal)) {
      this.#failed = true;
      throw caught;
    }
    // The new place is taken before the old one is given back: a server that drains waits for it.
    // A worker that lives on may have no place but the one that is held here.
    if (ChorusError.from(caught).code !== 'replica_lost') this.#leave();
    const lease = await this.#acquire();
    this.#leave();
    this.#position.restartAt(resume);
    this.#take(lease);
  }

  async #acquire(): Promise<Lease> {
    this.#failed = true;
    const { signal } = this.#options;
    const lease = await this.#router.acquire(this.#place(), signal);
    if (this.#closed) {
      // The place came in the very moment in which it was no more wanted.
      lease.release();
      throw ChorusError.ofAbort(signal);
    }
    this.#failed = false;
    return lease;
  }

  #take(lease: Lease): void {
    const { request, signal, meter } = this.#options;
    this.#lease = lease;
    this.#isHolding = true;
    this.#isPaused = false;
    this.#cameFurther = false;
    meter.dispatched(this.#characters);
    const speech = this.#position.isAtStart ? request : { ...request, resume: this.#position.from };
    this.#events = lease.synthesize(speech, signal)[Symbol.asyncIterator]();
  }

  #place(): AcquireRequest {
    const { request, requestId, claim, resumes } = this.#options;
    return {
      ...claim,
      service: 'tts',
      model: request.model,
      cost: this.#characters,
      requestId,
      resumes: resumes || this.#lease !== undefined,
      cameFurther: this.#cameFurther,
      // What is computed is the same in whichever samples it is sent, and however urgent it is.
      digest: async () => digestOf({ ...request, s16RateHz: undefined, bulk: undefined }),
    };
  }
}
