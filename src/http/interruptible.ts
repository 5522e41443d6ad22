import type { ChorusError } from '../protocol/errors.js';

/**
 * Lets a failure end whatever is being awaited. This is what `Promise.race` with a long-lived
 * promise looks made for, but every such race stays attached to that promise with its result: a
 * body read that way is in memory as a whole until it ends.
 */
export class Interruptible {
  #failure: ChorusError | undefined;
  #reject: ((error: ChorusError) => void) | undefined;

  /** Ends the wait in progress, or the next one; the first failure counts. */
  interrupt(failure: ChorusError): void {
    this.#failure ??= failure;
    this.#reject?.(this.#failure);
  }

  /** Waits for a promise or an interruption; one wait at a time. */
  async wait<Value>(promise: Promise<Value>): Promise<Value> {
    // Its own end has no other listener if the wait is over by then.
    promise.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise<Value>((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
    });
  }
}
