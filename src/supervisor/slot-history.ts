/** Why a process was started again. */
export type RestartReason =
  | 'crashed'
  | 'hung'
  | 'device_lost'
  | 'init_failed'
  | 'operator'
  | 'reload';

/** What has gone wrong in a slot so far, and how often it was started again. */
export class SlotHistory {
  /** Why the last process failed, and when; undefined if none has. */
  lastFailure: { readonly reason: string; readonly atMs: number } | undefined;
  readonly #restarts = new Map<RestartReason, number>();

  /** Restarts so far, by reason. */
  get restarts(): ReadonlyMap<RestartReason, number> {
    return this.#restarts;
  }

  /** Restarts so far. */
  get totalRestarts(): number {
    return [...this.#restarts.values()].reduce((total, count) => total + count, 0);
  }

  failed(reason: string): void {
    this.lastFailure = { reason, atMs: Date.now() };
  }

  restarted(reason: RestartReason): void {
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }
}
