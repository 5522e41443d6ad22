import { expect } from 'vitest';

import type { LeaseReport, RouteRequest } from '../../../src/routing/model-route.js';
import { MODEL_IDS, modelOf, type ModelId, type Storm } from './events.js';
import { ModelFleet } from './model-fleet.js';
import type { ModelPlace } from './model-place.js';

/** A request that waits. */
export interface ModelWaiter {
  readonly id: number;
  readonly request: RouteRequest;
  /** The only process that will do. */
  readonly process: string | undefined;
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

interface ModelLease {
  readonly place: ModelPlace;
  readonly request: RouteRequest;
  hasResult: boolean;
  isDone: boolean;
  isHeld: boolean;
}

/** Requests of one model after which the router may know how long work takes. */
const TRAINED_AFTER = 8;

/**
 * The rules of routing as a judge: it is told what happens and what the router made of it, and
 * fails where the router may not do that. It leaves open what the rules leave open.
 */
export class Model {
  readonly fleet: ModelFleet;
  readonly waiters: ModelWaiter[] = [];
  readonly leases = new Map<number, ModelLease>();
  isDraining = false;
  readonly #storm: Storm;
  readonly #passedOver: Record<ModelId, number> = { joe: 0, kokoro: 0, whisper: 0 };
  readonly #taught: Record<ModelId, number> = { joe: 0, kokoro: 0, whisper: 0 };

  constructor(storm: Storm) {
    this.#storm = storm;
    this.fleet = new ModelFleet(storm.capacity);
  }

  /** What should become at once of a request that comes now. */
  fateOf(request: RouteRequest, process?: string): string {
    const model = modelOf(request);
    if (process !== undefined && this.fleet.lost.has(process)) return 'replica_lost';
    const places = this.#placesFor(request, process);
    if (process === undefined) {
      if (this.isDraining && !request.resumes) return 'draining';
      if (!this.#isServable(model)) return 'unavailable';
    }
    if (places.some((place) => place.hasRoom(request.class, this.fleet.nowMs))) return 'served';
    const waiting = this.waiters.filter((one) => one.request.service === request.service).length;
    const isBound = process === undefined && !request.resumes;
    return isBound && waiting >= this.#storm.maxQueue ? 'queue_full' : 'waits';
  }

  /** A request may be told to come later instead of waiting, once it is known how long work takes. */
  mayBeHopeless(request: RouteRequest, process: string | undefined): boolean {
    return this.#taught[modelOf(request)] >= TRAINED_AFTER && !request.resumes && !process;
  }

  /** A request that did not wait has got a place: the least loaded one that it may have. */
  servedAtOnce(id: number, waiter: Omit<ModelWaiter, 'id' | 'sinceMs'>, process: string): void {
    const { request } = waiter;
    const place = this.#granted(waiter, process);
    if (waiter.process === undefined && !this.#isSessions(request, place)) {
      if (!(request.cacheKey && this.#isWithinShare(request, place))) {
        this.#expectLeast(request, place);
      }
    }
    this.#hold(id, place, request);
  }

  /** A request that waited has got a place. */
  servedLate(id: number, process: string): void {
    const waiter = this.waiters.find((one) => one.id === id)!;
    const place = this.#granted(waiter, process);
    this.#expectTurn(waiter, place);
    this.waiters.splice(this.waiters.indexOf(waiter), 1);
    if (!waiter.request.resumes) this.#countTurn(waiter.request);
    this.#hold(id, place, waiter.request);
  }

  /** A request that waited is refused. */
  refused(id: number, code: string): void {
    const waiter = this.waiters.find((one) => one.id === id)!;
    expect(this.#reasonsToRefuse(waiter)).toContain(code);
    this.waiters.splice(this.waiters.indexOf(waiter), 1);
  }

  /** A lease tells how it fares. */
  report(id: number, report: LeaseReport): void {
    const lease = this.leases.get(id)!;
    lease.isDone ||= report === 'done';
    // What comes after the first result says nothing new about the place.
    if (report !== 'failed' && lease.hasResult) return;
    lease.hasResult ||= report !== 'failed';
    this.fleet.report(modelOf(lease.request), lease.place, report);
  }

  /** A lease is given back. */
  release(id: number): void {
    const lease = this.leases.get(id)!;
    if (lease.isHeld && lease.isDone) this.#taught[modelOf(lease.request)] += 1;
    lease.isHeld = false;
    this.fleet.release(id, lease.place);
  }

  /** Nobody waits who should not. */
  expectQuiet(): void {
    for (const waiter of this.waiters) {
      const { request, process } = waiter;
      expect(this.#reasonsToRefuse(waiter).filter((code) => code !== 'unavailable')).toEqual([]);
      const free = this.#placesFor(request, process).filter((place) =>
        place.hasRoom(request.class, this.fleet.nowMs),
      );
      expect(free, 'a place that is free while somebody waits for it').toEqual([]);
    }
  }

  /** Nobody waits for what nobody will serve. */
  expectHope(): void {
    expect(this.waiters.filter(({ request }) => !this.#isServable(modelOf(request)))).toEqual([]);
  }

  /** The worker for a stream, or why there is none. */
  expectStream(request: RouteRequest, outcome: string): void {
    const { fleet } = this;
    const places = fleet.places[modelOf(request)].filter((place) => !place.isOut);
    if (this.isDraining) return expect(outcome).toBe('draining');
    if (places.length === 0) return expect(outcome).toBe('unavailable');
    const free = places.filter(
      (one) => one.isIn(fleet.nowMs) && fleet.streamsOn(one.process) < this.#storm.maxStreams,
    );
    if (free.length === 0) return expect(outcome).toBe('queue_full');
    const own = free.find((one) => one.worker === fleet.workerOf(request));
    if (own) return expect(outcome).toBe(own.process);
    const proven = free.filter((one) => !one.isOnTrial || !fleet.streamsOn(one.process));
    const best = proven.length > 0 ? proven : free;
    const fewest = Math.min(...best.map((one) => fleet.streamsOn(one.process)));
    expect(best.map((one) => one.process)).toContain(outcome);
    expect(fleet.streamsOn(outcome)).toBe(fewest);
  }

  #placesFor(request: RouteRequest, process?: string): ModelPlace[] {
    return this.fleet.places[modelOf(request)].filter((place) =>
      process === undefined ? !place.isOut : place.process === process,
    );
  }

  #isServable(model: ModelId): boolean {
    const { places, expected } = this.fleet;
    return expected[model].size > 0 || places[model].some((place) => !place.isOut);
  }

  #granted({ request, process }: Omit<ModelWaiter, 'id' | 'sinceMs'>, by: string): ModelPlace {
    const place = this.#placesFor(request, process).find((one) => one.process === by);
    expect(place, 'the place that was given is one that may be given').toBeDefined();
    expect(place!.hasRoom(request.class, this.fleet.nowMs), 'it has room').toBe(true);
    return place!;
  }

  #hold(id: number, place: ModelPlace, request: RouteRequest): void {
    this.leases.set(id, { place, request, hasResult: false, isDone: false, isHeld: true });
    this.fleet.hold(id, place, request);
    expect(place.held.size).toBeLessThanOrEqual(place.capacity);
  }

  #isSessions(request: RouteRequest, place: ModelPlace): boolean {
    const worker = this.fleet.workerOf(request);
    const own = this.#placesFor(request).filter(
      (one) => one.worker === worker && one.hasRoom(request.class, this.fleet.nowMs),
    );
    if (own.length > 0) expect(place.worker).toBe(worker);
    return own.length > 0;
  }

  #isWithinShare(request: RouteRequest, place: ModelPlace): boolean {
    const places = this.#placesFor(request);
    const leases = places.reduce((sum, one) => sum + one.held.size, 0) + 1;
    return place.held.size + 1 <= Math.ceil((1.25 * leases) / places.length);
  }

  /** Exact least connections; ties by the work that was predicted, if that is known here. */
  #expectLeast(request: RouteRequest, place: ModelPlace): void {
    const { fleet } = this;
    const free = this.#placesFor(request).filter((one) => one.hasRoom(request.class, fleet.nowMs));
    const fewest = Math.min(...free.map((one) => one.held.size));
    expect(place.held.size, 'leases of the place that was given').toBe(fewest);
    if (MODEL_IDS.some((model) => this.#taught[model] > 0)) return;
    const equal = free.filter((one) => one.held.size === fewest);
    const least = Math.min(...equal.map((one) => fleet.workOn(one.process)));
    expect(fleet.workOn(place.process), 'work of the place that was given').toBe(least);
  }

  /** Nobody who could have this place as well had a better claim. */
  #expectTurn(waiter: ModelWaiter, place: ModelPlace): void {
    const { request } = waiter;
    const rivals = this.waiters.filter(
      (one) =>
        one !== waiter &&
        one.request.model === request.model &&
        (one.process === undefined ? !place.isOut : one.process === place.process) &&
        place.hasRoom(one.request.class, this.fleet.nowMs),
    );
    const better = rivals.filter((one) => this.#isBefore(one, waiter));
    expect(better, 'those that should have got the place').toEqual([]);
  }

  #isBefore({ id, request }: ModelWaiter, other: ModelWaiter): boolean {
    const than = other.request;
    if (request.resumes || than.resumes) {
      return request.resumes === true && (!than.resumes || id < other.id);
    }
    if (request.class === than.class) return request.client === than.client && id < other.id;
    const isBulksTurn = this.#passedOver[modelOf(request)] >= 9;
    return (request.class === 'bulk') === isBulksTurn;
  }

  #countTurn(request: RouteRequest): void {
    const model = modelOf(request);
    const bulkWaits = this.waiters.some(
      (one) => one.request.model === model && one.request.class === 'bulk' && !one.request.resumes,
    );
    const isPassed = request.class === 'interactive' && bulkWaits;
    this.#passedOver[model] = isPassed ? this.#passedOver[model] + 1 : 0;
  }

  #reasonsToRefuse({ request, process, sinceMs, signal }: ModelWaiter): string[] {
    const { nowMs, lost } = this.fleet;
    const patienceMs = request.isRest && process ? Infinity : this.#storm.queueTimeoutMs;
    return [
      ...(signal.aborted ? ['canceled'] : []),
      ...(nowMs - sinceMs >= patienceMs ? ['queue_timeout'] : []),
      ...(this.isDraining && !request.resumes && !process ? ['draining'] : []),
      ...(process !== undefined && lost.has(process) ? ['replica_lost'] : []),
      ...(this.#isServable(modelOf(request)) ? [] : ['unavailable']),
    ];
  }
}
