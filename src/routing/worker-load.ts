/** What one process is loaded with, by all of its models together. */
export class WorkerLoad {
  /** Open streams. */
  streams = 0;
  #leases = 0;
  /** Predicted work of the leases that are held. */
  #heldMs = 0;
  /** The part of it that is still to be done, if the predictions are right. */
  #leftMs = 0;
  /** Time of the process that each lease has had so far, if they share it equally. */
  #shareMs = 0;
  #untilMs = 0;

  /** Counts a lease; returns its share of the process so far, for comparison with `giveBack`. */
  take(workMs: number, nowMs: number): number {
    this.#passTime(nowMs);
    this.#leases += 1;
    this.#heldMs += workMs;
    this.#leftMs += workMs;
    return this.#shareMs;
  }

  /** Counts a lease no more; returns its share of the process by now. */
  giveBack(workMs: number, nowMs: number): number {
    this.#passTime(nowMs);
    this.#leases -= 1;
    this.#heldMs -= workMs;
    this.#leftMs = Math.min(this.#leftMs, this.#heldMs);
    return this.#shareMs;
  }

  /** Predicted work that is still to be done; exactly 0 while no lease is held. */
  leftMs(nowMs: number): number {
    if (this.#leases === 0) return 0;
    this.#passTime(nowMs);
    return this.#leftMs;
  }

  #passTime(nowMs: number): void {
    const passedMs = nowMs - this.#untilMs;
    this.#untilMs = nowMs;
    if (this.#leases === 0) return;
    this.#shareMs += passedMs / this.#leases;
    this.#leftMs = Math.max(0, this.#leftMs - passedMs);
  }
}
