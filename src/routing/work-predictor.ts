/** A first guess at how long work takes. */
export interface WorkGuess {
  readonly fixedMs: number;
  readonly msPerUnit: number;
}

/** How much an observation still counts when the next one is made: the last fifty or so matter. */
const DECAY = 0.98;
/** Observations after which the figures are the server's own rather than a guess. */
const TRAINED_AFTER = 8;
/** Costs that differ by less, in relation to their mean, teach nothing about the slope. */
const LEAST_SPREAD = 0.1;

/**
 * Predicts how long a worker computes for a request of so many characters or audio seconds, from how
 * long it did for earlier ones: least squares on a line, old observations fading away.
 */
export class WorkPredictor {
  readonly #guess: WorkGuess;
  #line: WorkGuess;
  #observed = 0;
  #weight = 0;
  #cost = 0;
  #ms = 0;
  #costCost = 0;
  #costMs = 0;

  constructor(guess: WorkGuess) {
    this.#guess = guess;
    this.#line = guess;
  }

  /** Whether predictions come from enough work that was really done. */
  get isTrained(): boolean {
    return this.#observed >= TRAINED_AFTER;
  }

  /** Whole milliseconds, at least 1. */
  predictMs(cost: number): number {
    return Math.max(1, Math.round(this.#line.fixedMs + this.#line.msPerUnit * cost));
  }

  /** Learns how long work of a cost has taken. */
  observe(cost: number, ms: number): void {
    this.#observed += 1;
    this.#weight = this.#weight * DECAY + 1;
    this.#cost = this.#cost * DECAY + cost;
    this.#ms = this.#ms * DECAY + ms;
    this.#costCost = this.#costCost * DECAY + cost * cost;
    this.#costMs = this.#costMs * DECAY + cost * ms;
    if (this.isTrained) this.#line = this.#fit();
  }

  #fit(): WorkGuess {
    const meanCost = this.#cost / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#costCost / this.#weight - meanCost ** 2;
    const covariance = this.#costMs / this.#weight - meanCost * meanMs;
    // Costs that hardly differ tell of no slope: then the guess does, at this machine's speed.
    const { fixedMs, msPerUnit } = this.#guess;
    const guessed = (msPerUnit * meanMs) / (fixedMs + msPerUnit * meanCost);
    // Work without any cost has no mean to relate to.
    const ridge = (LEAST_SPREAD * meanCost) ** 2 || 1;
    const slope = Math.max(0, (covariance + ridge * guessed) / (variance + ridge));
    const atZero = meanMs - slope * meanCost;
    return atZero >= 0
      ? { fixedMs: atZero, msPerUnit: slope }
      : { fixedMs: 0, msPerUnit: meanMs / meanCost };
  }
}
