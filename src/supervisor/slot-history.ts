/** Why a process was started again; `leak`: its memory grew without end. */
export const RESTART_REASONS = [
  'crashed',
  'hung',
  'device_lost',
  'init_failed',
  'operator',
  'leak',
  'reload',
] as const;

/** One of {@link RESTART_REASONS}. */
export type RestartReason = (typeof RESTART_REASONS)[number];

/** One failure. */
export interface Failure {
  readonly cause: RestartReason;
  /** In words, for the log and `/health`. */
  readonly reason: string;
  readonly atMs: number;
}

/** What has gone wrong in a slot so far, and how often it was started again. */
export class SlotHistory {
  /** Why the last process failed, and when; undefined if none has. */
  lastFailure: Failure | undefined;
  readonly #restarts = new Map<RestartReason, number>();

  /** Restarts so far, by reason. */
  get restarts(): ReadonlyMap<RestartReason, number> {
    return this.#restarts;
  }

  /** Restarts so far. */
  get totalRestarts(): number {
    return [...this.#restarts.values()].reduce((total, count) => total + count, 0);
  }

  failed(cause: RestartReason, reason: string): void {
    this.lastFailure = { cause, reason, atMs: Date.now() };
  }

  /** @param reason The last failure's cause unless told. */
  restarted(reason: RestartReason = this.lastFailure?.cause ?? 'crashed'): void {
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }
}
