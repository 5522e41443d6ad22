import type { LiveAudio } from '../protocol/live-audio.js';
import type { LiveEvent, LiveRequest } from '../protocol/live.js';
import type {
  RequestClass,
  Service,
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { Span } from '../protocol/trace.js';

/** Whose work it is and where it would best be done: the same for all the work of a stream. */
export interface Demand {
  readonly service: Service;
  readonly model: string;
  readonly class: RequestClass;
  /** Whose work it is: clients get equal shares of the predicted work. */
  readonly client: string;
  /** Session that is served by the same worker as before, as long as that can be done. */
  readonly session?: string;
  /** Name of what a worker may have in its cache, such as a cloned voice. */
  readonly cacheKey?: string;
}

/** What a caller asks a place for. */
export interface PlaceRequest extends Demand {
  /** Predicted work: characters to speak, or seconds of audio to hear. */
  readonly cost: number;
  /** When the work must be done, by `performance.now()`; absent = whenever. */
  readonly deadlineAtMs?: number;
  /** Had a place before and lost it with its worker: it waits in front of all others. */
  readonly resumes?: boolean;
  /** Where the spans of its waiting and its work belong; absent = it is not traced. */
  readonly trace?: Span;
}

/** What the logs and the list of poisoned inputs want to know of a piece of work. */
export interface WorkIdentity {
  /** Id of the client's request, for the logs. */
  readonly requestId: string;
  /**
   * What the input is, in a few bytes: the same for equal requests. Asked for only when inputs are
   * under suspicion, so it may be expensive.
   */
  readonly digest: () => Promise<string>;
  /**
   * The work came further at the worker that it has just lost: that one hardly died of it, so it is
   * not refused as poison. Who asks bounds how many workers it may lose.
   */
  readonly cameFurther?: boolean;
}

/** A request that needs a place. */
export interface AcquireRequest extends PlaceRequest, WorkIdentity {}

/** A connection that needs a worker for life. */
export type StreamRequest = Demand;

/** A piece of a stream's work: an utterance to hear, a text to speak. */
export interface StreamWork
  extends WorkIdentity, Pick<PlaceRequest, 'cost' | 'deadlineAtMs' | 'trace'> {}

/** One request's place at (worker, model), held from dispatch until the worker has done its work. */
export interface Lease {
  readonly workerId: string;
  readonly model: string;
  /** Speaks; ends after `done`. Throws ChorusError: what the worker reported, or `replica_lost`. */
  synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<SpeechEvent>;
  /** Transcribes; ends after `done`. Throws as {@link Lease.synthesize} does. */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): AsyncIterable<TranscriptEvent>;
  /**
   * Hears an utterance while it is spoken; ends after `done`, which may come before the audio's end.
   * @param audio Signed 16-bit little-endian mono, read as fast as the worker takes it.
   * @throws ChorusError as {@link Lease.synthesize} does; `not_implemented` if the model cannot.
   */
  listen(request: LiveRequest, audio: LiveAudio, signal: AbortSignal): AsyncIterable<LiveEvent>;
  /** Gives the place to others while this request wants nothing of the worker. */
  pause(): void;
  /**
   * Waits for a place on the same worker again after `pause()`.
   * @throws ChorusError `replica_lost` if that worker is gone, else as {@link Router.acquire}.
   */
  resume(signal: AbortSignal): Promise<void>;
  /** Gives the place back for good; further calls do nothing. */
  release(): void;
}

/** A connection's worker: the same one for life. A stream that does nothing holds no lease. */
export interface Stream {
  readonly workerId: string;
  readonly model: string;
  /** Aborts with `replica_lost` when the worker is gone. */
  readonly lost: AbortSignal;
  /**
   * Waits for a place on the stream's worker.
   * @throws ChorusError as {@link Router.acquire}, or `replica_lost`.
   */
  acquire(work: StreamWork, signal: AbortSignal): Promise<Lease>;
  /** Ends the stream's claim on the worker; further calls do nothing. */
  close(): void;
}

/** Hands out leases and places streams. */
export interface Router {
  /**
   * Waits for a place.
   * @throws ChorusError `queue_full`, `queue_timeout`, `unavailable`, `draining`, `canceled`,
   * `poisoned_input`.
   */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease>;
  /**
   * Places a stream on the worker with the fewest.
   * @throws ChorusError `queue_full` if every worker has `MAX_STREAMS`, `unavailable`, `draining`.
   */
  openStream(request: StreamRequest): Stream;
}
