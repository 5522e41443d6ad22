import { ChorusError } from '../protocol/errors.js';

/** Tries at one and the same thing before its failure is the client's. */
const MAX_TRIES = 2;
/** Bounds even those failures that a request had no part in. */
const MAX_MOVES = 5;
/** Bounds the workers that may fail under a request in all, however far it came in between. */
const MAX_FAILURES = 3;

/**
 * Counts how often a request was tried, and decides whether a failure is worth another try. The
 * death of a worker that was not computing for the request does not count as a try of it.
 */
export class Tries {
  readonly #onRetry: (reason: string) => void;
  #tries = 1;
  #moves = 1;
  #failures = 0;

  /** @param onRetry Told of each new try, with the error code of the one before. */
  constructor(onRetry: (reason: string) => void) {
    this.#onRetry = onRetry;
  }

  /** Whether to try again elsewhere; counts the new try. */
  mayGoOn(caught: unknown, signal: AbortSignal): boolean {
    const error = ChorusError.from(caught);
    if (!error.retryable || signal.aborted || this.#moves >= MAX_MOVES) return false;
    const hadPart = error.details.wasRunning !== false;
    if (hadPart && this.#tries >= MAX_TRIES) return false;
    if (hadPart && this.#failures >= MAX_FAILURES) return false;
    if (hadPart) {
      this.#tries += 1;
      this.#failures += 1;
    }
    this.#moves += 1;
    this.#onRetry(error.code);
    return true;
  }

  /** The request has come further: what failed before was not what it asks for now. */
  reset(): void {
    this.#tries = 1;
    this.#moves = 1;
  }
}
