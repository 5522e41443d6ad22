import type { Clock } from './clock.js';
import { type Destination, Place } from './place.js';
import type { WorkerLoad } from './worker-load.js';

/** A freshly loaded place may hold twice as many leases after so long, whatever it has done. */
const SLOW_START_STEP_MS = 250;

/** The places of one model: which of them take work, and how much. */
export class Rotation<Target> {
  readonly places: Place<Target>[] = [];
  /** Workers that are loading the model. */
  readonly expected = new Set<string>();
  /** Workers whose process before failed at this model. */
  readonly #suspects = new Set<string>();
  readonly #clock: Clock;
  readonly #onRoom: () => void;

  /** @param onRoom Told when a place may take more than before. */
  constructor(clock: Clock, onRoom: () => void) {
    this.#clock = clock;
    this.#onRoom = onRoom;
  }

  /** How many places take work. */
  get size(): number {
    const nowMs = this.#clock.now();
    let size = 0;
    for (const place of this.places) if (!place.isOut && nowMs >= place.absentUntilMs) size += 1;
    return size;
  }

  /** Whether a request may hope to be served. */
  get isServable(): boolean {
    return this.expected.size > 0 || this.places.some((place) => !place.isOut);
  }

  /** Adds a destination; one that comes back has the leases that it still holds. */
  add(destination: Destination<Target>, load: WorkerLoad): void {
    const { workerId, target } = destination;
    this.expected.delete(workerId);
    const known = this.find(target);
    if (known) known.isOut = false;
    else {
      const place = new Place(destination, load, this.#suspects.delete(workerId));
      this.places.push(place);
      this.#warmUp(place);
    }
    this.#keepOne();
    this.#onRoom();
  }

  /** The place of a process. */
  find(target: Target): Place<Target> | undefined {
    return this.places.find((place) => place.destination.target === target && !place.isGone);
  }

  /** Takes a worker out; what it holds ends by itself, and what belongs to it may go on there. */
  remove(workerId: string): void {
    for (const place of this.places) {
      if (place.destination.workerId !== workerId || place.isOut) continue;
      place.isOut = true;
      if (place.isSuspect) this.#suspects.add(workerId);
    }
    this.#keepOne();
  }

  /** A process has ended. */
  lose(target: Target): void {
    const place = this.find(target);
    if (!place) return;
    place.isOut = true;
    place.isGone = true;
    this.forget(place);
    this.#keepOne();
  }

  /** Forgets a place whose process has ended, unless something is still held on it. */
  forget(place: Place<Target>): void {
    if (!place.isGone || place.leases > 0 || place.streams > 0) return;
    const at = this.places.indexOf(place);
    if (at >= 0) this.places.splice(at, 1);
  }

  /** A lease has given a result. */
  succeeded(place: Place<Target>): void {
    if (place.succeeded()) this.#onRoom();
  }

  /** A lease has failed through the fault of its place. */
  failed(place: Place<Target>): void {
    const nowMs = this.#clock.now();
    const shallLeave = place.failed();
    if (place.isOut) this.#suspects.add(place.destination.workerId);
    // Whatever else it held fails with it, and tells nothing new.
    if (!shallLeave || nowMs < place.absentUntilMs || this.size < 2) return;
    this.#clock.after(place.leave(nowMs), this.#onRoom);
  }

  /** The last one stays in rotation, however it fails: to refuse everything would help nobody. */
  #keepOne(): void {
    if (this.size > 0) return;
    for (const place of this.places) place.absentUntilMs = 0;
    this.#onRoom();
  }

  /** Slow start: a fresh place gets its share in steps; one that failed has to earn it. */
  #warmUp(place: Place<Target>): void {
    if (place.isWarm) return;
    this.#clock.after(SLOW_START_STEP_MS, () => {
      if (place.mustEarn) return;
      place.grow(place.window * 2);
      this.#onRoom();
      this.#warmUp(place);
    });
  }
}
