import { randomUUID } from 'node:crypto';
import { ChorusError } from '../../protocol/errors.js';
import { LiveAudio } from '../../protocol/live-audio.js';
import { inSpan } from '../../protocol/in-span.js';
import type { LiveEvent, LiveRequest } from '../../protocol/live.js';
import type { Span, SpanAttributes } from '../../protocol/trace.js';
import type { Stream, StreamWork } from '../../routing/router.js';
import type { Connection } from './connection.js';
import { GatheredSpeech } from './gathered-speech.js';
import { SpeechClock } from './speech-clock.js';
import { SpokenPlace } from './spoken-place.js';

/** Speech that may wait here for its worker before the client is read no more: 4 s at 16 kHz. */
const MAX_WAITING_BYTES = 128 * 1024;
/** Nobody knows how long somebody will speak; a guess, to compare loads with. */
const TYPICAL_SECONDS = 5;

/** What is to be heard, and who is told what it was. */
export interface UtteranceOptions {
  readonly stream: Stream;
  readonly request: LiveRequest;
  readonly onEvent: (event: LiveEvent) => void;
  /**
   * While the worker says that nobody speaks, speech goes to it in pieces of so many milliseconds: open
   * microphones cost less, and a beginning is noticed so much later at most. Absent = as it comes.
   */
  readonly gatherMs?: number;
}

/**
 * One utterance of a connection: holds a lease from its beginning until the worker has said all, but
 * while the worker says that nobody speaks, and none before or after. Its end is also the connection's if the connection ends first.
 */
export class Utterance {
  /** Resolves when the worker has said all; rejects with a ChorusError. */
  readonly over: Promise<void>;
  readonly #connection: Connection;
  readonly #options: UtteranceOptions;
  readonly #audio = new LiveAudio(() => this.#readOn());
  readonly #gathered = new GatheredSpeech();
  readonly #gatherBytes: number;
  readonly #end = new AbortController();
  readonly #clock: SpeechClock;
  readonly #trace: Span;
  #place: SpokenPlace | undefined;
  #hasSettled = false;

  constructor(connection: Connection, options: UtteranceOptions) {
    this.#connection = connection;
    this.#options = options;
    const { request, gatherMs = 0 } = options;
    this.#clock = new SpeechClock(request.sampleRateHz);
    const bytesPerMs = (request.sampleRateHz * Int16Array.BYTES_PER_ELEMENT) / 1000;
    this.#gatherBytes = gatherMs * bytesPerMs;
    this.#trace = connection.trace.startLinked('utterance', this.#attributes());
    this.over = inSpan(this.#trace, () => this.#run());
    // Whoever does not look has been told by the connection's end.
    this.over.catch(() => undefined);
  }

  /** Whether speech waits here for its worker. */
  get isBehind(): boolean {
    return this.#audio.waitingBytes > 0;
  }

  /** Adds speech: signed 16-bit little-endian mono. Too much of it holds the client back. */
  write(pcm: Uint8Array): void {
    this.#clock.came(pcm.byteLength);
    this.#gathered.push(pcm);
    const isEnough = this.#gathered.bytes >= this.#gatherBytes;
    if (isEnough || this.#place?.isQuiet !== true) this.#sendGathered();
    if (this.#audio.waitingBytes > MAX_WAITING_BYTES) this.#connection.pause();
  }

  /** Ends what is being said, and asks for its words, while the utterance goes on. */
  commit(): void {
    this.#sendGathered();
    this.#audio.push({ type: 'commit' });
  }

  /** Drops what is being said and has not ended, while the utterance goes on. */
  clear(): void {
    this.#sendGathered();
    this.#audio.push({ type: 'clear' });
  }

  /** The speaker has ended; the rest of the words is still to come. */
  end(): void {
    this.#sendGathered();
    this.#audio.end();
  }

  /** Nobody wants the words any more. */
  cancel(): void {
    this.#end.abort(new ChorusError('canceled', 'The utterance was canceled.'));
  }

  async #run(): Promise<void> {
    const signal = AbortSignal.any([this.#connection.signal, this.#end.signal]);
    const { stream, request } = this.#options;
    try {
      const lease = await stream.acquire(this.#work(), signal);
      try {
        this.#place = new SpokenPlace(lease, signal);
        await this.#tell(lease.listen(request, this.#audio, signal), this.#place);
      } finally {
        lease.release();
      }
    } catch (caught) {
      throw signal.aborted ? ChorusError.ofAbort(signal) : ChorusError.from(caught);
    } finally {
      this.#audio.close();
      // A connection may have thousands of utterances: its signal must not remember them.
      this.cancel();
    }
  }

  async #tell(events: AsyncIterable<LiveEvent>, place: SpokenPlace): Promise<void> {
    for await (const event of events) {
      place.follow(event);
      if (!place.isQuiet) this.#sendGathered();
      this.#measure(event);
      this.#options.onEvent(event);
      await this.#connection.drained();
    }
  }

  #measure(event: LiveEvent): void {
    const { metrics } = this.#connection;
    const { model } = this.#options.stream;
    if (event.type === 'partial' && event.throughSeconds !== undefined) {
      const lag = this.#clock.ageSeconds(event.throughSeconds);
      if (lag !== undefined) metrics.partialLag(model, lag);
    }
    if (event.type === 'usage') {
      metrics.heard(model, event.usage.audioSeconds);
      metrics.used('asr', model, event.usage);
    }
    const delay = this.#finalDelay(event);
    if (delay !== undefined) metrics.finalDelay(model, delay);
  }

  /** From the end of a turn, or of the utterance where the engine knows no turns, to its last word. */
  #finalDelay(event: LiveEvent): number | undefined {
    if (event.type === 'settled') {
      this.#hasSettled = true;
      return this.#clock.ageSeconds(event.throughSeconds);
    }
    return event.type === 'done' && !this.#hasSettled ? this.#clock.lastAgeSeconds : undefined;
  }

  #sendGathered(): void {
    const pcm = this.#gathered.take();
    if (pcm) this.#audio.push(pcm);
  }

  #readOn(): void {
    if (this.#audio.waitingBytes <= MAX_WAITING_BYTES / 2) this.#connection.resume();
  }

  #attributes(): SpanAttributes {
    const { workerId, model } = this.#options.stream;
    const { requestId } = this.#connection;
    return { 'chorus.request_id': requestId, 'chorus.worker': workerId, 'chorus.model': model };
  }

  #work(): StreamWork {
    const { requestId, claim } = this.#connection;
    const { deadlineAtMs } = claim;
    // No two utterances are the same.
    const digest = randomUUID();
    return {
      requestId,
      trace: this.#trace,
      cost: TYPICAL_SECONDS,
      digest: async () => digest,
      ...(deadlineAtMs !== undefined && { deadlineAtMs }),
    };
  }
}
