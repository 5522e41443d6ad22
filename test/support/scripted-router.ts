import type { ChorusError } from '../../src/protocol/errors.js';
import type { LiveAudio } from '../../src/protocol/live-audio.js';
import type { LiveEvent } from '../../src/protocol/live.js';
import type { SpeechEvent, TranscriptEvent } from '../../src/protocol/requests.js';
import type {
  AcquireRequest,
  Lease,
  Router,
  Stream,
  StreamRequest,
} from '../../src/routing/router.js';

/** What a scripted worker does with a lease. */
export interface Script {
  speak?(lease: ScriptedLease, signal: AbortSignal): AsyncGenerator<SpeechEvent>;
  hear?(lease: ScriptedLease, signal: AbortSignal): AsyncGenerator<TranscriptEvent>;
  listen?(audio: LiveAudio, signal: AbortSignal): AsyncGenerator<LiveEvent>;
}

/** A lease that counts how often it was given back. */
export class ScriptedLease implements Lease {
  readonly workerId: string;
  readonly model: string;
  readonly number: number;
  readonly asked: unknown[] = [];
  releases = 0;
  signal: AbortSignal | undefined;
  readonly #script: Script;

  constructor(request: AcquireRequest, number: number, script: Script) {
    this.workerId = `worker-${number}`;
    this.model = request.model;
    this.number = number;
    this.#script = script;
  }

  synthesize: Lease['synthesize'] = (request, signal) => {
    this.asked.push(request);
    this.signal = signal;
    if (this.#script.speak === undefined) throw new Error('nobody should speak here');
    return this.#script.speak(this, signal);
  };

  transcribe: Lease['transcribe'] = (request, signal) => {
    this.asked.push(request);
    this.signal = signal;
    if (this.#script.hear === undefined) throw new Error('nobody should listen here');
    return this.#script.hear(this, signal);
  };

  listen: Lease['listen'] = (request, audio, signal) => {
    this.asked.push(request);
    this.signal = signal;
    if (this.#script.listen === undefined) throw new Error('nobody should listen live here');
    return this.#script.listen(audio, signal);
  };

  isPaused = false;

  pause(): void {
    this.isPaused = true;
  }

  async resume(): Promise<void> {
    this.isPaused = false;
  }

  release(): void {
    this.releases += 1;
  }
}

/** A stream whose worker the test may lose. */
export interface ScriptedStream extends Stream {
  lose(error: ChorusError): void;
  closed: boolean;
}

/** Hands out scripted leases and remembers them. */
export class ScriptedRouter implements Router {
  readonly leases: ScriptedLease[] = [];
  readonly requests: AcquireRequest[] = [];
  readonly streams: ScriptedStream[] = [];
  script: Script = {};
  refusal: ChorusError | undefined;

  async acquire(request: AcquireRequest): Promise<Lease> {
    if (this.refusal !== undefined) throw this.refusal;
    this.requests.push(request);
    const lease = new ScriptedLease(request, this.leases.length + 1, this.script);
    this.leases.push(lease);
    return lease;
  }

  openStream(request: StreamRequest): Stream {
    if (this.refusal !== undefined) throw this.refusal;
    const lost = new AbortController();
    const { model } = request;
    const stream: ScriptedStream = {
      workerId: 'worker-0',
      model,
      lost: lost.signal,
      acquire: (work) => this.acquire({ ...request, ...work }),
      close: () => void (stream.closed = true),
      lose: (error) => lost.abort(error),
      closed: false,
    };
    this.streams.push(stream);
    return stream;
  }
}
