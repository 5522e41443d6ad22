import type { LeaseReport, RouteRequest } from '../../../src/routing/model-route.js';
import { MODEL_IDS, type ModelId, type Storm } from './events.js';
import { ModelPlace, untaughtMs } from './model-place.js';

/** A stream that is open. */
export interface ModelStream {
  readonly process: string;
  readonly isLost: () => boolean;
}

/** Which processes there are and what they hold, by the rules as they are told. */
export class ModelFleet {
  nowMs = 0;
  readonly streams = new Set<ModelStream>();
  readonly places: Record<ModelId, ModelPlace[]> = { joe: [], kokoro: [], whisper: [] };
  readonly expected: Record<ModelId, Set<string>> = {
    joe: new Set(),
    kokoro: new Set(),
    whisper: new Set(),
  };
  readonly lost = new Set<string>();
  /** Predicted work that is still to be done, by process. */
  readonly #left = new Map<string, number>();
  readonly #capacity: Storm['capacity'];
  /** Workers that failed at a model when they were seen last. */
  readonly #scarred: Record<ModelId, Set<string>> = {
    joe: new Set(),
    kokoro: new Set(),
    whisper: new Set(),
  };
  readonly #sessions = new Map<string, { readonly worker: string; readonly untilMs: number }>();

  constructor(capacity: Storm['capacity']) {
    this.#capacity = capacity;
  }

  /** All places there are. */
  get all(): ModelPlace[] {
    return MODEL_IDS.flatMap((model) => this.places[model]);
  }

  /** Leases that are held. */
  get leases(): number {
    return this.all.reduce((sum, place) => sum + place.held.size, 0);
  }

  /** Lets time pass. */
  passTo(nowMs: number): void {
    const passedMs = nowMs - this.nowMs;
    // A process does a second of its work a second.
    for (const [process, workMs] of this.#left) {
      this.#left.set(process, Math.max(0, workMs - passedMs));
    }
    this.nowMs = nowMs;
    for (const place of this.all) place.passTo(nowMs);
  }

  /** A process takes work: a new one, or one that was out. */
  add(worker: string, process: string): void {
    for (const model of MODEL_IDS) {
      this.expected[model].delete(worker);
      const known = this.places[model].find((place) => place.process === process);
      if (known) known.isOut = false;
      else {
        const mustEarn = this.#scarred[model].delete(worker);
        const place = { worker, process, capacity: this.#capacity[model] };
        this.places[model].push(new ModelPlace(place, { nowMs: this.nowMs, mustEarn }));
      }
    }
    this.#keepOne();
  }

  /** A worker takes no more work. */
  remove(worker: string): void {
    for (const model of MODEL_IDS) {
      for (const place of this.places[model]) {
        if (place.worker !== worker || place.isOut) continue;
        place.isOut = true;
        if (place.failuresInARow > 0) this.#scarred[model].add(worker);
      }
    }
    this.#keepOne();
  }

  /** A process has ended. */
  lose(process: string): void {
    this.lost.add(process);
    for (const place of this.all) {
      if (place.process === process) place.isOut = place.isGone = true;
    }
    this.#forget();
    this.#keepOne();
  }

  /** Counts a lease. */
  hold(id: number, place: ModelPlace, request: RouteRequest): void {
    place.held.set(id, request);
    this.#left.set(place.process, this.workOn(place.process) + untaughtMs(request));
    this.bind(request, place.worker);
  }

  /** Counts a lease no more. */
  release(id: number, place: ModelPlace): void {
    place.held.delete(id);
    const held = this.all
      .filter((one) => one.process === place.process)
      .flatMap((one) => [...one.held.values()]);
    const heldMs = held.reduce((sum, one) => sum + untaughtMs(one), 0);
    this.#left.set(place.process, Math.min(this.workOn(place.process), heldMs));
    this.#forget();
  }

  /** A lease tells how it fares. */
  report(model: ModelId, place: ModelPlace, report: LeaseReport): void {
    const isUnfit = place.told(report);
    if (report === 'failed' && place.isOut) this.#scarred[model].add(place.worker);
    const isAbsent = this.nowMs < place.absentUntilMs;
    if (isUnfit && !isAbsent && this.#inRotation(model).length >= 2) place.leave(this.nowMs);
  }

  /** Streams on a process, for whichever model. */
  streamsOn(process: string): number {
    return [...this.streams].filter((stream) => stream.process === process).length;
  }

  /** Predicted work that is still to be done on a process, for whichever model. */
  workOn(process: string): number {
    return this.#left.get(process) ?? 0;
  }

  /** A session belongs to a worker for ten minutes from now. */
  bind(request: RouteRequest, worker: string): void {
    const key = sessionOf(request);
    if (key) this.#sessions.set(key, { worker, untilMs: this.nowMs + 600_000 });
  }

  /** The worker that a session belongs to. */
  workerOf(request: RouteRequest): string | undefined {
    const bound = this.#sessions.get(sessionOf(request) ?? '');
    return bound && this.nowMs < bound.untilMs ? bound.worker : undefined;
  }

  #inRotation(model: ModelId): ModelPlace[] {
    return this.places[model].filter((place) => place.isIn(this.nowMs));
  }

  /** Nobody is left out where nobody else is left. */
  #keepOne(): void {
    for (const model of MODEL_IDS) {
      if (this.#inRotation(model).length > 0) continue;
      for (const place of this.places[model]) place.absentUntilMs = 0;
    }
  }

  #forget(): void {
    for (const model of MODEL_IDS) {
      this.places[model] = this.places[model].filter((one) => !one.isGone || one.held.size > 0);
    }
  }
}

function sessionOf({ model, client, session }: RouteRequest): string | undefined {
  return session && [model, client, session].join(' ');
}
