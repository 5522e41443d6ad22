import { EventEmitter, once } from 'node:events';

import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import { type Clock, MONOTONIC_CLOCK } from './clock.js';
import {
  type Grant,
  ModelRoute,
  type RouteRequest,
  type RouteSurroundings,
} from './model-route.js';
import type { Occupancy } from './occupancy.js';
import type { Destination, Place } from './place.js';
import { queueFull, streamsFull, unavailable, workerGone } from './refusals.js';
import type { Rotation } from './rotation.js';
import type { StreamRequest } from './router.js';
import { SessionTable } from './session-table.js';
import { WorkerLoad } from './worker-load.js';

/** Bounds of waiting and of streams. */
export interface RouterLimits {
  /** Requests that may wait, per service. */
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
  /** Open streams on one worker. */
  readonly maxStreams: number;
}

/** Where a router's time and chance come from; simulations bring their own. */
export interface RouterSources {
  readonly clock?: Clock;
  /** In 0…1. */
  readonly random?: () => number;
}

/** A stream's worker. */
export interface StreamPlace<Target> {
  readonly workerId: string;
  readonly target: Target;
  /** Aborts with `replica_lost` when the worker is gone. */
  readonly lost: AbortSignal;
  /** Ends the claim; further calls do nothing. */
  close(): void;
}

/**
 * Least connections with late binding: work goes to the worker that holds the fewest leases for its
 * model (ties: least predicted work, then at random); when all hold as many as they may, it waits in
 * one queue per service and is bound only when a place comes free. `docs/routing.md` has the rules.
 */
export class LeaseRouter<Target> {
  readonly #limits: RouterLimits;
  readonly #around: RouteSurroundings;
  readonly #routes = new Map<string, ModelRoute<Target>>();
  readonly #streams = new Set<OpenStream<Target>>();
  /** Tells of leases given back and of streams closed. */
  readonly #ends = new EventEmitter<{ end: [] }>();
  #draining = false;

  constructor(limits: RouterLimits, sources: RouterSources = {}) {
    const { clock = MONOTONIC_CLOCK, random = Math.random } = sources;
    this.#limits = limits;
    // As many may wait for it as there are workers to drain.
    this.#ends.setMaxListeners(0);
    this.#around = {
      queueTimeoutMs: limits.queueTimeoutMs,
      clock,
      random,
      sessions: new SessionTable(),
      onRelease: () => this.#ends.emit('end'),
    };
  }

  /** Leases that are held now, on workers that are gone too. */
  get leases(): number {
    return this.#total((place) => place.leases);
  }

  /** Requests that wait now. */
  get queued(): number {
    return this.#queuedFor('tts') + this.#queuedFor('asr');
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** What everything holds now. */
  get occupancy(): Occupancy {
    const routes = [...this.#routes.values()];
    return {
      places: this.#placesOf(undefined).map(({ destination, leases, streams }) => {
        const { workerId, service, model } = destination;
        return { workerId, service, model, leases, streams };
      }),
      waiting: routes.map(({ service, model, queued }) => ({ service, model, requests: queued })),
    };
  }

  /** Says that a worker is loading a model, so that requests for it may wait. */
  expect(workerId: string, model: string, service: Service): void {
    this.#route(model, service).rotation.expected.add(workerId);
  }

  /** Says that a worker will not serve a model soon; requests that only it could serve are refused. */
  giveUp(workerId: string, model: string): void {
    const route = this.#routes.get(model);
    route?.rotation.expected.delete(workerId);
    for (const one of this.#routes.values()) one.refuseIfUnservable();
  }

  /** Puts a destination into rotation; one that comes back has the leases that it still holds. */
  add(destination: Destination<Target>): void {
    const { model, service, target } = destination;
    const load = this.#placesOf(target)[0]?.load ?? new WorkerLoad();
    this.#route(model, service).rotation.add(destination, load);
  }

  /** Takes all of a worker's destinations out of rotation; what they hold ends by itself. */
  remove(workerId: string): void {
    for (const { rotation } of this.#routes.values()) rotation.remove(workerId);
  }

  /** Says that a process has ended: its streams learn of it, and nobody waits for it any more. */
  lose(target: Target): void {
    for (const route of this.#routes.values()) route.lose(target);
    for (const stream of this.#streams) {
      if (stream.target === target) stream.lost.abort(workerGone());
    }
  }

  /** Refuses everything new from now on, and all that waits; what had a place before may go on. */
  drain(): void {
    this.#draining = true;
    for (const route of this.#routes.values()) {
      route.refuse(({ resumes, at }) => !resumes && !at, ChorusError.draining());
    }
  }

  /** Resolves when nothing is held (on that process, if one is named), or after `timeoutMs`. */
  async idle(timeoutMs: number, target?: Target): Promise<void> {
    const patience = AbortSignal.timeout(timeoutMs);
    const held = (): number => this.#total((place) => place.leases + place.streams, target);
    while (held() > 0) {
      await once(this.#ends, 'end', { signal: patience }).catch(() => {});
      if (patience.aborted) return;
    }
  }

  /**
   * Waits for a place.
   * @throws ChorusError `queue_full`, `queue_timeout`, `unavailable`, `draining`, or the abort's.
   */
  acquire(request: RouteRequest, signal: AbortSignal): Promise<Grant<Target>> {
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    const { resumes = false } = request;
    if (this.#draining && !resumes) return Promise.reject(ChorusError.draining());
    const route = this.#routes.get(request.model);
    if (!route?.rotation.isServable) return Promise.reject(unavailable(request.model));
    return this.#acquireOn(route, request, { signal });
  }

  /**
   * Waits for a place at one process: that of a stream, or of a request that was paused. Their number
   * is bounded elsewhere, so they may wait beyond the queue's bound.
   * @throws ChorusError `replica_lost` if the process is gone, else as {@link LeaseRouter.acquire}.
   */
  acquireAt(target: Target, request: RouteRequest, signal: AbortSignal): Promise<Grant<Target>> {
    if (signal.aborted) return Promise.reject(ChorusError.ofAbort(signal));
    const route = this.#routes.get(request.model);
    const at = route?.rotation.find(target);
    if (!route || !at) return Promise.reject(workerGone());
    return this.#acquireOn(route, request, { at, signal });
  }

  /**
   * Places a stream on the worker that has the fewest.
   * @throws ChorusError `queue_full` if all have as many as they may, `unavailable`, `draining`.
   */
  openStream(demand: StreamRequest): StreamPlace<Target> {
    if (this.#draining) throw ChorusError.draining();
    const route = this.#routes.get(demand.model);
    if (!route?.rotation.places.some((place) => !place.isOut)) throw unavailable(demand.model);
    const place = route.chooseForStream(demand, this.#limits.maxStreams);
    if (!place) throw streamsFull();
    return this.#openStreamAt(place, route.rotation);
  }

  #acquireOn(
    route: ModelRoute<Target>,
    request: RouteRequest,
    how: { readonly at?: Place<Target>; readonly signal: AbortSignal },
  ): Promise<Grant<Target>> {
    const grant = route.tryNow(request, how.at);
    if (grant) return Promise.resolve(grant);
    const isBound = how.at === undefined && request.resumes !== true;
    if (isBound && this.#queuedFor(request.service) >= this.#limits.maxQueue) {
      return Promise.reject(queueFull(route.retryAfterMs));
    }
    return route.wait(request, how);
  }

  #openStreamAt(place: Place<Target>, rotation: Rotation<Target>): StreamPlace<Target> {
    const { workerId, target } = place.destination;
    const stream: OpenStream<Target> = { target, lost: new AbortController() };
    this.#streams.add(stream);
    place.openStream();
    const close = (): void => {
      if (!this.#streams.delete(stream)) return;
      place.closeStream();
      rotation.forget(place);
      this.#ends.emit('end');
    };
    return { workerId, target, lost: stream.lost.signal, close };
  }

  #route(model: string, service: Service): ModelRoute<Target> {
    const known = this.#routes.get(model);
    if (known) return known;
    const route = new ModelRoute<Target>(model, service, this.#around);
    this.#routes.set(model, route);
    return route;
  }

  #queuedFor(service: Service): number {
    let queued = 0;
    for (const route of this.#routes.values())
      if (route.service === service) queued += route.queued;
    return queued;
  }

  #placesOf(target: Target | undefined): Place<Target>[] {
    return [...this.#routes.values()]
      .flatMap(({ rotation }) => rotation.places)
      .filter((place) => target === undefined || place.destination.target === target);
  }

  #total(count: (place: Place<Target>) => number, target?: Target): number {
    return this.#placesOf(target).reduce((total, place) => total + count(place), 0);
  }
}

interface OpenStream<Target> {
  readonly target: Target;
  readonly lost: AbortController;
}
