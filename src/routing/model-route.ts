import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import { chooseForStream, choosePlace } from './choice.js';
import { ClassQueue, type Standing } from './class-queue.js';
import type { Clock } from './clock.js';
import type { Place } from './place.js';
import { hopeless, timedOut, unavailable, workerGone } from './refusals.js';
import { Rotation } from './rotation.js';
import type { Demand, PlaceRequest } from './router.js';
import type { SessionTable } from './session-table.js';
import { type WorkGuess, WorkPredictor } from './work-predictor.js';

/** How a lease fares: a first result came, all is done, or it failed through its place's fault. */
export type LeaseReport = 'result' | 'done' | 'failed';

/** A place that is held. */
export interface Grant<Target> {
  readonly workerId: string;
  readonly model: string;
  readonly target: Target;
  /** Tells how the work fares, for the choices to come. */
  report(report: LeaseReport): void;
  /** Gives the place back; further calls do nothing. */
  release(): void;
}

/** A request as the core of the router sees it. */
export interface RouteRequest extends PlaceRequest {
  /**
   * Only the rest of what was begun before: it waits as long as its client does, because half an
   * answer is worth nothing, and how long it takes teaches nothing.
   */
  readonly isRest?: boolean;
}

/** What the routes of all models share. */
export interface RouteSurroundings {
  readonly queueTimeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sessions: SessionTable;
  /** Told after a lease was given back. */
  readonly onRelease: () => void;
}

interface Waiter<Target> extends Standing {
  readonly request: RouteRequest;
  /** The only place that will do. */
  readonly at: Place<Target> | undefined;
  readonly resolve: (grant: Grant<Target>) => void;
  readonly reject: (error: ChorusError) => void;
}

/** What two CPU cores need, until the server has seen what it needs itself. */
const GUESSES: Readonly<Record<Service, WorkGuess>> = {
  tts: { fixedMs: 50, msPerUnit: 4 },
  asr: { fixedMs: 300, msPerUnit: 50 },
};

/** All places of one model and all that waits for them. */
export class ModelRoute<Target> {
  readonly model: string;
  readonly service: Service;
  readonly rotation: Rotation<Target>;
  readonly #queue = new ClassQueue<Waiter<Target>>();
  readonly #predictor: WorkPredictor;
  readonly #around: RouteSurroundings;

  constructor(model: string, service: Service, around: RouteSurroundings) {
    this.model = model;
    this.service = service;
    this.rotation = new Rotation(around.clock, () => this.dispatch());
    this.#predictor = new WorkPredictor(GUESSES[service]);
    this.#around = around;
  }

  /** Requests that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** When a client that is refused now may find room, by the work that waits and runs. */
  get retryAfterMs(): number {
    const nowMs = this.#around.clock.now();
    let workMs = this.#queue.workMs;
    for (const place of this.rotation.places) workMs += place.load.leftMs(nowMs);
    return workMs / Math.max(1, this.rotation.size);
  }

  /** A process has ended: nobody needs to wait for it any more. */
  lose(target: Target): void {
    this.rotation.lose(target);
    this.refuse(({ at }) => at?.destination.target === target, workerGone());
  }

  /** Refuses everything that waits, if nobody can be hoped for. */
  refuseIfUnservable(): void {
    if (!this.rotation.isServable) this.refuse(() => true, unavailable(this.model));
  }

  /** Refuses some of those that wait. */
  refuse(which: (waiter: Waiter<Target>) => boolean, error: ChorusError): void {
    for (const waiter of [...this.#queue]) if (which(waiter)) waiter.reject(error);
  }

  /** A place at once, if one is free that nobody who waits may have. */
  tryNow(request: RouteRequest, at?: Place<Target>): Grant<Target> | undefined {
    // Whoever waits and could have a place has it after this; what is free then is for others.
    if (this.#queue.length > 0) this.dispatch();
    const place = this.#choose(request, at);
    return place && this.#grant(place, request);
  }

  /**
   * Waits for a place.
   * @throws ChorusError `queue_full` if it would wait in vain, `queue_timeout`, or the abort's.
   */
  wait(
    request: RouteRequest,
    { at, signal }: { readonly at?: Place<Target> | undefined; readonly signal: AbortSignal },
  ): Promise<Grant<Target>> {
    const workMs = this.#predictor.predictMs(request.cost);
    const standing: Standing = { ...request, workMs, resumes: request.resumes === true };
    const vain = at === undefined ? this.#inVain(request, standing) : undefined;
    if (vain) return Promise.reject(vain);
    return new Promise((resolve, reject) => {
      const abort = (): void => waiter.reject(ChorusError.ofAbort(signal));
      const { clock, queueTimeoutMs } = this.#around;
      const timeOut = (): void => waiter.reject(timedOut(this.retryAfterMs));
      const isBegun = at !== undefined && request.isRest === true;
      const stopTimer = isBegun ? undefined : clock.after(queueTimeoutMs, timeOut);
      const settle = (): void => {
        stopTimer?.();
        signal.removeEventListener('abort', abort);
      };
      const waiter: Waiter<Target> = {
        ...standing,
        request,
        at,
        resolve: (grant) => (settle(), resolve(grant)),
        reject: (error) => (settle(), this.#queue.remove(waiter), reject(error)),
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.add(waiter);
    });
  }

  /** The place for a stream of that demand. */
  chooseForStream(demand: Demand, maxStreams: number): Place<Target> | undefined {
    const { clock, random, sessions } = this.#around;
    const nowMs = clock.now();
    const session = sessionKey(demand);
    const workerId = session && sessions.find(session, nowMs);
    const place = chooseForStream(this.rotation.places, { nowMs, workerId, maxStreams, random });
    if (place && session) sessions.bind(session, place.destination.workerId, nowMs);
    return place;
  }

  /** Binds waiting requests to free places in the order of the queue. */
  dispatch(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { waiter, place } = next;
      this.#queue.take(waiter);
      waiter.resolve(this.#grant(place, waiter.request));
    }
  }

  /** The first in the queue for whom there is a place. */
  #next(): { readonly waiter: Waiter<Target>; readonly place: Place<Target> } | undefined {
    if (this.#queue.length === 0) return undefined;
    const nowMs = this.#around.clock.now();
    // A long queue is not worth a look while there is nothing to give.
    if (!this.rotation.places.some((place) => place.hasRoom('interactive', nowMs)))
      return undefined;
    const full = new Set<string>();
    for (const waiter of this.#queue) {
      const kind = waiter.at ? undefined : waiter.class;
      if (kind && full.has(kind)) continue;
      const place = this.#choose(waiter.request, waiter.at);
      if (place) return { waiter, place };
      if (kind) full.add(kind);
    }
    return undefined;
  }

  #choose(request: RouteRequest, at: Place<Target> | undefined): Place<Target> | undefined {
    const { clock, random, sessions } = this.#around;
    const nowMs = clock.now();
    if (at) return at.hasRoom(request.class, nowMs) ? at : undefined;
    const session = sessionKey(request);
    return choosePlace(this.rotation.places, {
      class: request.class,
      nowMs,
      workerId: session && sessions.find(session, nowMs),
      cacheKey: request.cacheKey,
      random,
    });
  }

  #grant(place: Place<Target>, request: RouteRequest): Grant<Target> {
    const { clock, sessions, onRelease } = this.#around;
    const { workerId, target } = place.destination;
    const workMs = this.#predictor.predictMs(request.cost);
    place.take(request.class);
    const shareBefore = place.load.take(workMs, clock.now());
    const session = sessionKey(request);
    if (session) sessions.bind(session, workerId, clock.now());
    let isHeld = true;
    let hasResult = false;
    let isDone = false;
    return {
      workerId,
      model: this.model,
      target,
      report: (report) => {
        isDone ||= report === 'done';
        if (report === 'failed') this.rotation.failed(place);
        else if (!hasResult) this.rotation.succeeded(place);
        hasResult ||= report !== 'failed';
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        place.giveBack(request.class);
        const shareMs = place.load.giveBack(workMs, clock.now()) - shareBefore;
        const isWhole = isDone && request.isRest !== true && request.resumes !== true;
        if (isWhole) this.#predictor.observe(request.cost, shareMs);
        this.rotation.forget(place);
        this.dispatch();
        onRelease();
      },
    };
  }

  #inVain(request: RouteRequest, standing: Standing): ChorusError | undefined {
    const places = this.rotation.size;
    if (!this.#predictor.isTrained || places === 0 || standing.resumes) return undefined;
    const { clock, queueTimeoutMs } = this.#around;
    const patienceMs = Math.min(queueTimeoutMs, (request.deadlineAtMs ?? Infinity) - clock.now());
    const waitMs = this.#queue.workBefore(standing) / places;
    return waitMs > patienceMs ? hopeless(waitMs, this.retryAfterMs) : undefined;
  }
}

/** Clients do not share sessions, even if they call them the same. */
function sessionKey({ model, client, session }: Demand): string | undefined {
  return session === undefined ? undefined : `${model}\n${client}\n${session}`;
}
