import type {
  Service,
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';

/** What a caller asks a place for. */
export interface AcquireRequest {
  readonly service: Service;
  readonly model: string;
  /** Predicted work: characters to speak, or seconds of audio to hear. */
  readonly cost: number;
  /** Id of the client's request, for the logs. */
  readonly requestId: string;
  /** Had a place before and lost it with its worker: it waits in front of all others. */
  readonly resumes?: boolean;
  /**
   * What the input is, in a few bytes: the same for equal requests. Asked for only when inputs are
   * under suspicion, so it may be expensive.
   */
  readonly digest: () => Promise<string>;
}

/** One request's place at (worker, model), held from dispatch to the last byte. */
export interface Lease {
  readonly workerId: string;
  readonly model: string;
  /** Speaks; ends after `done`. Throws ChorusError: what the worker reported, or `replica_lost`. */
  synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<SpeechEvent>;
  /** Transcribes; ends after `done`. Throws as {@link Lease.synthesize} does. */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): AsyncIterable<TranscriptEvent>;
  /** Gives the place back; further calls do nothing. */
  release(): void;
}

/** Hands out leases. */
export interface Router {
  /**
   * Waits for a place.
   * @throws ChorusError `queue_full`, `queue_timeout`, `unavailable`, `draining`, `canceled`,
   * `poisoned_input`.
   */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease>;
}
