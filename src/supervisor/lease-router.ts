import { EventEmitter, once } from 'node:events';

import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import type { AcquireRequest, Lease, Router } from './router.js';
import type { CallContext, WorkerClient } from './worker-client.js';

/** A model on a worker, as a destination of leases. */
export interface Destination {
  readonly workerId: string;
  readonly service: Service;
  readonly model: string;
  /** Leases that it may hold at once. */
  readonly capacity: number;
  readonly client: WorkerClient;
}

/** Bounds of waiting. */
export interface RouterLimits {
  /** Requests that may wait, per service. */
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
}

interface Place extends Destination {
  /** Out of rotation: it is kept only for the leases that are still held on it. */
  isOut: boolean;
  leases: number;
  /** Predicted work of those leases. */
  work: number;
}

interface Waiter {
  readonly request: AcquireRequest;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: ChorusError) => void;
  readonly settle: () => void;
}

/**
 * Least connections with late binding: a request goes to the worker that holds the fewest leases
 * for its model (ties: least predicted work, then at random); when all are at capacity it waits in
 * one queue per service and is bound only when a place comes free.
 */
export class LeaseRouter implements Router {
  readonly #limits: RouterLimits;
  readonly #places = new Set<Place>();
  /** Models that are being loaded somewhere: requests for them may wait. Model → worker ids. */
  readonly #expected = new Map<string, Set<string>>();
  readonly #queues: Record<Service, Waiter[]> = { tts: [], asr: [] };
  readonly #releases = new EventEmitter<{ release: [] }>();
  #draining = false;

  constructor(limits: RouterLimits) {
    this.#limits = limits;
  }

  /** Leases that are held now, on workers that are gone too. */
  get leases(): number {
    return this.#leasesOf(undefined);
  }

  /** Requests that wait now. */
  get queued(): number {
    return this.#queues.tts.length + this.#queues.asr.length;
  }

  /** Says that a worker is loading a model, so that requests for it may wait. */
  expect(workerId: string, model: string): void {
    const workers = this.#expected.get(model) ?? new Set();
    this.#expected.set(model, workers.add(workerId));
  }

  /** Says that a worker will not serve a model soon; requests that only it could serve are refused. */
  giveUp(workerId: string, model: string): void {
    this.#expected.get(model)?.delete(workerId);
    for (const queue of Object.values(this.#queues)) {
      for (const waiter of queue.slice()) {
        if (!this.#servable(waiter.request)) waiter.reject(unavailable(waiter.request));
      }
    }
  }

  /** Puts a destination into rotation; one that comes back has the leases that it still holds. */
  add(destination: Destination): void {
    const { model, client, service, workerId } = destination;
    this.#expected.get(model)?.delete(workerId);
    const known = [...this.#places].find(
      (one) => one.workerId === workerId && one.model === model && one.client === client,
    );
    if (known) known.isOut = false;
    else this.#places.add({ ...destination, isOut: false, leases: 0, work: 0 });
    this.#dispatch(service);
  }

  /** Takes all of a worker's destinations out of rotation; leases on them end by themselves. */
  remove(workerId: string): void {
    for (const place of this.#places) {
      if (place.workerId !== workerId) continue;
      place.isOut = true;
      this.#forget(place);
    }
  }

  /** Refuses everything new from now on, and all that waits; what had a place before may go on. */
  drain(): void {
    this.#draining = true;
    for (const queue of Object.values(this.#queues)) {
      for (const waiter of queue.slice()) {
        if (waiter.request.resumes !== true) waiter.reject(ChorusError.draining());
      }
    }
  }

  /** Resolves when no lease is held (on that process, if one is named), or after `timeoutMs`. */
  async idle(timeoutMs: number, client?: WorkerClient): Promise<void> {
    const patience = AbortSignal.timeout(timeoutMs);
    while (this.#leasesOf(client) > 0) {
      await once(this.#releases, 'release', { signal: patience }).catch(() => {});
      if (patience.aborted) return;
    }
  }

  /** Hands out a place; see {@link Router.acquire}. */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    if (this.#draining && request.resumes !== true) return Promise.reject(ChorusError.draining());
    if (!this.#servable(request)) return Promise.reject(unavailable(request));
    // Nobody overtakes, but who resumes: others wait for the same model, so this waits behind them.
    const overtakes =
      request.resumes !== true &&
      this.#queues[request.service].some((waiter) => waiter.request.model === request.model);
    const place = overtakes ? undefined : this.#choose(request);
    if (place) return Promise.resolve(this.#bind(place, request));
    return this.#wait(request, signal);
  }

  #leasesOf(client: WorkerClient | undefined): number {
    return [...this.#places]
      .filter((place) => client === undefined || place.client === client)
      .reduce((total, place) => total + place.leases, 0);
  }

  #forget(place: Place): void {
    if (place.isOut && place.leases === 0) this.#places.delete(place);
  }

  #servable(request: AcquireRequest): boolean {
    if ((this.#expected.get(request.model)?.size ?? 0) > 0) return true;
    for (const place of this.#places) if (serves(place, request)) return true;
    return false;
  }

  #choose(request: AcquireRequest): Place | undefined {
    let best: Place[] = [];
    for (const place of this.#places) {
      if (!serves(place, request) || place.leases >= place.capacity) continue;
      const order = best[0] ? compare(place, best[0]) : -1;
      if (order < 0) best = [place];
      else if (order === 0) best.push(place);
    }
    return best[Math.floor(Math.random() * best.length)];
  }

  #bind(place: Place, request: AcquireRequest): Lease {
    place.leases += 1;
    place.work += request.cost;
    let held = true;
    const context = (signal: AbortSignal): CallContext => ({
      requestId: request.requestId,
      signal,
    });
    return {
      workerId: place.workerId,
      model: place.model,
      synthesize: (speech, signal) => place.client.synthesize(speech, context(signal)),
      transcribe: (speech, signal) => place.client.transcribe(speech, context(signal)),
      release: () => {
        if (!held) return;
        held = false;
        place.leases -= 1;
        place.work -= request.cost;
        this.#forget(place);
        this.#dispatch(place.service);
        this.#releases.emit('release');
      },
    };
  }

  #wait(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    const queue = this.#queues[request.service];
    if (queue.length >= this.#limits.maxQueue && request.resumes !== true) {
      return Promise.reject(queueFull());
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => waiter.reject(ChorusError.ofAbort(signal));
      const timer = setTimeout(() => waiter.reject(timedOut()), this.#limits.queueTimeoutMs);
      const waiter: Waiter = {
        request,
        resolve: (lease) => (waiter.settle(), resolve(lease)),
        reject: (error) => (waiter.settle(), reject(error)),
        settle: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', abort);
          const at = queue.indexOf(waiter);
          if (at >= 0) queue.splice(at, 1);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      if (request.resumes === true) queue.unshift(waiter);
      else queue.push(waiter);
    });
  }

  /** Binds waiting requests to free places, in the order in which they came. */
  #dispatch(service: Service): void {
    for (const waiter of this.#queues[service].slice()) {
      const place = this.#choose(waiter.request);
      if (place) waiter.resolve(this.#bind(place, waiter.request));
    }
  }
}

function serves(place: Place, request: AcquireRequest): boolean {
  return !place.isOut && place.service === request.service && place.model === request.model;
}

function compare(a: Place, b: Place): number {
  return a.leases - b.leases || a.work - b.work;
}

function unavailable(request: AcquireRequest): ChorusError {
  const message = `No worker can serve the model ${request.model} at present; /health says why.`;
  return new ChorusError('unavailable', message, { retryAfterMs: 5_000 });
}

function queueFull(): ChorusError {
  const message = 'All replicas are busy and the queue is full (MAX_QUEUE); try again shortly.';
  return new ChorusError('queue_full', message, { retryAfterMs: 2_000 });
}

function timedOut(): ChorusError {
  const message = 'The request waited longer than QUEUE_TIMEOUT_MS for a free replica.';
  return new ChorusError('queue_timeout', message, { retryAfterMs: 5_000 });
}
