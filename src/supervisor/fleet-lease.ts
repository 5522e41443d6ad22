import { ChorusError } from '../protocol/errors.js';
import type { LiveAudio } from '../protocol/live-audio.js';
import type { LiveEvent, LiveRequest } from '../protocol/live.js';
import type {
  SpeechEvent,
  SynthesisRequest,
  TranscriptEvent,
  TranscriptionRequest,
} from '../protocol/requests.js';
import type { LeaseRouter } from '../routing/lease-router.js';
import type { Grant, LeaseReport } from '../routing/model-route.js';
import type { AcquireRequest, Lease } from '../routing/router.js';
import { HarmfulCall, LostReplica } from './lost-replica.js';
import { dispatchSpan, inQueueSpan } from './spans.js';
import type { PoisonList } from './poison-list.js';
import { WatchedEvents } from './watched-events.js';
import type { CallContext, WorkerClient } from './worker-client.js';

/** What a lease needs beside its place. */
export interface LeaseSurroundings {
  readonly leases: LeaseRouter<WorkerClient>;
  readonly poison: PoisonList;
}

/** Failures that tell nothing about the worker that reports them. */
const NOT_THE_WORKERS = new Set(['draining', 'deadline_exceeded', 'storage_full']);

/**
 * A place on a worker with the way to it. Whatever passes teaches the router how the place does, and
 * the list of poisoned inputs what workers die of.
 */
export class FleetLease implements Lease {
  readonly workerId: string;
  readonly model: string;
  readonly #request: AcquireRequest;
  readonly #around: LeaseSurroundings;
  #grant: Grant<WorkerClient>;
  /** Calls that are being read, or were broken off and still run in the worker. */
  #openCalls = 0;
  #state: 'held' | 'paused' | 'released' = 'held';

  constructor(grant: Grant<WorkerClient>, request: AcquireRequest, around: LeaseSurroundings) {
    this.workerId = grant.workerId;
    this.model = grant.model;
    this.#grant = grant;
    this.#request = request;
    this.#around = around;
  }

  /** See {@link Lease.synthesize}. */
  synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<SpeechEvent> {
    return this.#watched(this.#grant.target.synthesize(request, this.#context(signal)), signal);
  }

  /** See {@link Lease.transcribe}. */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): AsyncIterable<TranscriptEvent> {
    return this.#watched(this.#grant.target.transcribe(request, this.#context(signal)), signal);
  }

  /** See {@link Lease.listen}. */
  listen(request: LiveRequest, audio: LiveAudio, signal: AbortSignal): AsyncIterable<LiveEvent> {
    const events = this.#grant.target.listen(request, audio, this.#context(signal));
    // Speakers take their time: how long that was tells nothing about the worker.
    return this.#watched(events, signal, 'result');
  }

  /** See {@link Lease.pause}. */
  pause(): void {
    if (this.#state !== 'held') return;
    this.#state = 'paused';
    this.#grant.release();
  }

  /** See {@link Lease.resume}. */
  async resume(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'paused') return;
    const rest = { ...this.#request, isRest: true, resumes: true };
    const { leases } = this.#around;
    const { target } = this.#grant;
    const grant = await inQueueSpan(rest, () => leases.acquireAt(target, rest, signal));
    this.#grant = grant;
    // It may have been given up while it waited.
    if (this.#state === 'paused') this.#state = 'held';
    else grant.release();
  }

  /** See {@link Lease.release}. */
  release(): void {
    this.#state = 'released';
    this.#giveBackWhenOver();
  }

  /** The place is free when the running step has ended, not when its client has gone. */
  #giveBackWhenOver(): void {
    if (this.#state === 'released' && this.#openCalls === 0) this.#grant.release();
  }

  #callEnded(): void {
    this.#openCalls -= 1;
    this.#giveBackWhenOver();
  }

  #context(signal: AbortSignal): CallContext {
    const onBrokenOff = (ended: Promise<void>): void => {
      this.#openCalls += 1;
      void ended.then(() => this.#callEnded());
    };
    const span = dispatchSpan(this.#request, this);
    return { requestId: this.#request.requestId, signal, onBrokenOff, span };
  }

  #watched<Event extends { readonly type: string }>(
    events: AsyncIterable<Event>,
    signal: AbortSignal,
    atEnd: LeaseReport = 'done',
  ): AsyncIterable<Event> {
    let hasResult = false;
    this.#openCalls += 1;
    return new WatchedEvents(events, {
      onEvent: (event) => {
        if (!hasResult && isResult(event)) this.#grant.report('result');
        hasResult ||= isResult(event);
        return event.type === 'done' ? this.#succeeded(atEnd) : undefined;
      },
      onFailure: (caught) => {
        if (!signal.aborted && isWorkersFault(caught)) this.#grant.report('failed');
        return this.#suspect(caught);
      },
      onEnd: () => this.#callEnded(),
    });
  }

  #succeeded(report: LeaseReport): Promise<void> | undefined {
    this.#grant.report(report);
    const { poison } = this.#around;
    return poison.isEmpty ? undefined : this.#request.digest().then((one) => poison.clear(one));
  }

  /** Only a request whose step was running when its worker died may have been its death. */
  async #suspect(caught: unknown): Promise<void> {
    const victim = victimOf(caught);
    if (victim === undefined) return;
    this.#around.poison.suspect(await this.#request.digest(), victim);
  }
}

function isResult({ type }: { readonly type: string }): boolean {
  return type === 'audio' || type === 'segment' || type === 'partial';
}

function isWorkersFault(caught: unknown): boolean {
  const { status, code } = ChorusError.from(caught);
  return status >= 500 && !NOT_THE_WORKERS.has(code);
}

/** The process that may have died of a request, as far as its failure tells. */
function victimOf(caught: unknown): string | undefined {
  if (caught instanceof LostReplica) {
    return caught.finding?.wasRunning === true ? caught.finding.incarnation : undefined;
  }
  // The worker itself said that of this very request.
  return caught instanceof HarmfulCall ? caught.incarnation : undefined;
}
