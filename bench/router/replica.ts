import type { Clock } from '../../src/routing/clock.js';

/** A piece of work for a simulated replica. */
export interface Job {
  /** How long it takes if it has the replica to itself. */
  readonly serviceMs: number;
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

/** A simulated replica. */
export interface Replica {
  /** Jobs that it has and has not ended. */
  readonly leases: number;
  /** What is left of their work. */
  readonly leftMs: number;
  accept(job: Job): void;
}

/** How a replica works on several jobs. */
export const INSIDES = ['fcfs', 'shared'] as const;

/** One of {@link INSIDES}. */
export type Inside = (typeof INSIDES)[number];

/** Makes a replica that works in one of the ways. */
export function createReplica(inside: Inside, clock: Clock): Replica {
  return inside === 'fcfs' ? new FcfsReplica(clock) : new SharedReplica(clock);
}

/** Works on one job after the other, in the order in which they came. */
class FcfsReplica implements Replica {
  readonly #jobs: Job[] = [];
  #startedMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get leases(): number {
    return this.#jobs.length;
  }

  get leftMs(): number {
    const workMs = this.#jobs.reduce((total, { serviceMs }) => total + serviceMs, 0);
    return this.leases === 0 ? 0 : workMs - (this.#clock.now() - this.#startedMs);
  }

  accept(job: Job): void {
    this.#jobs.push(job);
    if (this.#jobs.length === 1) this.#start(job);
  }

  #start(job: Job): void {
    this.#startedMs = this.#clock.now();
    job.onStart();
    this.#clock.after(job.serviceMs, () => this.#end(job));
  }

  #end(job: Job): void {
    this.#jobs.shift();
    const [next] = this.#jobs;
    if (next) this.#start(next);
    job.onEnd();
  }
}

interface Share {
  readonly job: Job;
  /** What each job will have had of the replica when this one ends. */
  readonly dueMs: number;
}

/** Works on all its jobs at once, each at the same part of its speed (processor sharing). */
class SharedReplica implements Replica {
  readonly #shares: Share[] = [];
  readonly #clock: Clock;
  /** What each job has had of the replica so far. */
  #hadMs = 0;
  #hadAtMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get leases(): number {
    return this.#shares.length;
  }

  get leftMs(): number {
    this.#passTime();
    return this.#shares.reduce((total, { dueMs }) => total + dueMs - this.#hadMs, 0);
  }

  accept(job: Job): void {
    this.#passTime();
    this.#shares.push({ job, dueMs: this.#hadMs + job.serviceMs });
    this.#plan();
    job.onStart();
  }

  #passTime(): void {
    const nowMs = this.#clock.now();
    if (this.leases > 0) this.#hadMs += (nowMs - this.#hadAtMs) / this.leases;
    this.#hadAtMs = nowMs;
  }

  #plan(): void {
    this.#cancel?.();
    const next = this.#shares.toSorted((a, b) => a.dueMs - b.dueMs)[0];
    if (!next) return;
    const delayMs = Math.max(0, next.dueMs - this.#hadMs) * this.leases;
    this.#cancel = this.#clock.after(delayMs, () => this.#end(next));
  }

  #end(share: Share): void {
    this.#passTime();
    this.#shares.splice(this.#shares.indexOf(share), 1);
    this.#plan();
    share.job.onEnd();
  }
}
