import type { ChorusError } from '../../src/protocol/errors.js';
import type { LiveAudio } from '../../src/protocol/live-audio.js';
import type { LiveEvent } from '../../src/protocol/live.js';
import type { SpeechEvent, TranscriptEvent } from '../../src/protocol/requests.js';
import type { AcquireRequest, Lease, Router, Stream } from '../../src/routing/router.js';

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

  pause(): void {}

  async resume(): Promise<void> {}

  release(): void {
    this.releases += 1;
  }
}

/** Hands out scripted leases and remembers them. */
export class ScriptedRouter implements Router {
  readonly leases: ScriptedLease[] = [];
  readonly requests: AcquireRequest[] = [];
  script: Script = {};
  refusal: ChorusError | undefined;

  async acquire(request: AcquireRequest): Promise<Lease> {
    if (this.refusal !== undefined) throw this.refusal;
    this.requests.push(request);
    const lease = new ScriptedLease(request, this.leases.length + 1, this.script);
    this.leases.push(lease);
    return lease;
  }

  openStream(): Stream {
    throw new Error('no streams here');
  }
}
