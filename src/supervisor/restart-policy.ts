const FIRST_DELAY_MS = 500;
/** Longest wait before a restart, where nobody waits for this very process. */
const LONGEST_DELAY_MS = 60_000;
/** After this long in good health, earlier failures no longer count. */
const HEALTHY_AFTER_MS = 5 * 60_000;
/** So many restarts within the window show that starting again does not help. */
const MAX_RESTARTS = 5;
const WINDOW_MS = 10 * 60_000;
/** A start that failed for a reason that stays is not tried again in a hurry. */
const INIT_FAILED_DELAY_MS = 60_000;

/** What to do about a process that has ended without being told to. */
export type RestartVerdict =
  | { readonly action: 'restart'; readonly delayMs: number }
  | { readonly action: 'quarantine'; readonly reason: string };

/** How strict to be. */
export interface RestartPolicyOptions {
  /** Whether too many restarts end in quarantine; otherwise the delays alone bound them. */
  readonly quarantines: boolean;
  /** Longest wait before a restart. */
  readonly longestDelayMs?: number;
}

/**
 * Decides when a process is started again. The first death after good health costs no waiting
 * (ADR 8); the next ones wait 0.5 s, then twice as long each, with jitter, up to 60 s.
 */
export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #failures = 0;
  #restartedAt: number[] = [];

  constructor(options: RestartPolicyOptions) {
    this.#options = options;
  }

  /**
   * A process has died.
   * @param readyForMs How long it had been ready; 0 if it never was.
   * @param now Monotonic time in milliseconds.
   */
  died(readyForMs: number, now: number): RestartVerdict {
    if (readyForMs >= HEALTHY_AFTER_MS) this.reset();
    this.#restartedAt = this.#restartedAt.filter((at) => now - at < WINDOW_MS);
    if (this.#options.quarantines && this.#restartedAt.length >= MAX_RESTARTS) {
      const reason = `${MAX_RESTARTS} restarts within ${WINDOW_MS / 60_000} minutes did not help`;
      return { action: 'quarantine', reason };
    }
    this.#restartedAt.push(now);
    return { action: 'restart', delayMs: this.#nextDelayMs() };
  }

  /** A process could not start for a reason that will stay until somebody mends it. */
  initFailed(): RestartVerdict {
    return { action: 'restart', delayMs: jittered(INIT_FAILED_DELAY_MS) };
  }

  /** Forgets what was: an operator has looked after it, or it was well for long enough. */
  reset(): void {
    this.#failures = 0;
    this.#restartedAt = [];
  }

  #nextDelayMs(): number {
    const failures = this.#failures;
    this.#failures += 1;
    if (failures === 0) return 0;
    const { longestDelayMs = LONGEST_DELAY_MS } = this.#options;
    return jittered(Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), longestDelayMs));
  }
}

/** Up to 20 % less, so that processes do not start in step. */
function jittered(delayMs: number): number {
  return delayMs * (1 - Math.random() * 0.2);
}
