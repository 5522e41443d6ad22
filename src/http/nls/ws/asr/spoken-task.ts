import type { ChorusError } from '../../../../protocol/errors.js';
import type { LiveEvent, LiveRequest } from '../../../../protocol/live.js';
import type { Stream } from '../../../../routing/router.js';
import { Utterance } from '../../../ws/utterance.js';
import { type NlsTask, outOfOrder, type TaskHost } from '../task.js';
import type { RawSpeech } from './raw-speech.js';

/** Open microphones in silent rooms send small pieces; a beginning is noticed so much later at most. */
const GATHER_MS = 200;

/** Whoever tells a client in its protocol's words what a worker tells. */
export interface Teller {
  /** Whether words of speech that has ended are still to come. */
  readonly isWaiting: boolean;
  /**
   * Takes the worker's next event.
   * @returns Whether all that was asked for is told: what else was said does not matter.
   */
  take(event: LiveEvent): boolean;
  /** Nothing follows. */
  completed(): { readonly name: string; readonly payload: object };
}

/** What a task that hears is made of. */
export interface SpokenTaskOptions {
  readonly host: TaskHost;
  readonly stream: Stream;
  readonly request: LiveRequest;
  readonly speech: RawSpeech;
  readonly teller: Teller;
  /** The client's message that ends the speech. */
  readonly stopName: string;
  /** Messages that change nothing here. */
  readonly ignoredNames?: readonly string[];
  /** Speech beyond is not heard: the task ends by itself then. Absent = it may go on for ever. */
  readonly maxSeconds?: number;
  /** Told of speech that was left out. */
  readonly onFar: (event: Extract<LiveEvent, { type: 'far' }>) => void;
}

/** A task that hears: speech goes to a worker, and a teller says what comes of it. */
export class SpokenTask implements NlsTask {
  readonly #options: SpokenTaskOptions;
  readonly #maxBytes: number;
  #utterance: Utterance | undefined;
  #bytes = 0;
  /** The client has said that all is spoken. */
  #hasStopped = false;
  /** All is told, or nothing more can be. */
  #isOver = false;

  constructor(options: SpokenTaskOptions) {
    this.#options = options;
    const { maxSeconds = Number.POSITIVE_INFINITY, request } = options;
    this.#maxBytes = maxSeconds * request.sampleRateHz * Int16Array.BYTES_PER_ELEMENT;
  }

  get isBusy(): boolean {
    if (this.#isOver) return false;
    return this.#isDone || this.#utterance?.isBehind === true || this.#options.teller.isWaiting;
  }

  onMessage(name: string): void {
    const { stopName, ignoredNames = [] } = this.#options;
    if (this.#hasStopped) throw outOfOrder(`${name} came after ${stopName}.`);
    if (ignoredNames.includes(name)) return;
    if (name !== stopName)
      throw outOfOrder(`This task ends with ${stopName}; ${name} is not for it.`);
    this.#hasStopped = true;
    if (this.#utterance) this.#utterance.end();
    else this.#complete();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#hasStopped) throw outOfOrder(`Binary data came after ${this.#options.stopName}.`);
    const pcm = this.#options.speech.push(bytes);
    const heard = pcm.subarray(0, Math.max(0, this.#maxBytes - this.#bytes));
    this.#bytes += heard.byteLength;
    if (heard.byteLength === 0) return;
    this.#utterance ??= this.#begin();
    this.#utterance.write(heard);
    if (this.#bytes >= this.#maxBytes) this.#utterance.end();
  }

  stop(): void {
    this.#isOver = true;
    this.#utterance?.cancel();
  }

  /** Whether no more speech is taken. */
  get #isDone(): boolean {
    return this.#hasStopped || this.#bytes >= this.#maxBytes;
  }

  #begin(): Utterance {
    const { host, stream, request } = this.#options;
    const onEvent = (event: LiveEvent): void => this.#take(event);
    const utterance = new Utterance(host.connection, {
      ...{ stream, request, onEvent },
      gatherMs: GATHER_MS,
    });
    utterance.over.then(
      () => this.#complete(),
      (caught: ChorusError) => this.#fail(caught),
    );
    return utterance;
  }

  #take(event: LiveEvent): void {
    if (this.#isOver) return;
    const { teller, onFar } = this.#options;
    if (event.type === 'far') onFar(event);
    if (teller.take(event)) this.#complete();
  }

  #complete(): void {
    if (this.#isOver) return;
    const { host, teller } = this.#options;
    const { name, payload } = teller.completed();
    this.stop();
    host.complete(name, payload, { isEarly: !this.#hasStopped });
  }

  #fail(error: ChorusError): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.host.fail(error);
  }
}
