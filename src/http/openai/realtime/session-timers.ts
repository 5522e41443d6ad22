/** How long sessions may last. */
export interface SessionTimes {
  /** From its beginning; then it is closed. */
  readonly sessionMs: number;
  /** Without speech: what is open is ended, so that its place is free. */
  readonly idleMs: number;
}

/** OpenAI's sessions last an hour. */
export const SESSION_TIMES: SessionTimes = { sessionMs: 60 * 60_000, idleMs: 10_000 };

/** What becomes of a session when time passes. */
export interface TimerCalls {
  readonly onIdle: () => void;
  readonly onExpired: () => void;
}

/** The two clocks of a session. */
export class SessionTimers {
  readonly #expiry: NodeJS.Timeout;
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #idle: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor({ sessionMs, idleMs }: SessionTimes, { onIdle, onExpired }: TimerCalls) {
    this.#expiry = setTimeout(onExpired, sessionMs);
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Speech has come. */
  active(): void {
    if (this.#isStopped) return;
    if (this.#idle) this.#idle.refresh();
    else this.#idle = setTimeout(this.#onIdle, this.#idleMs);
  }

  /** The session is over. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#expiry);
    clearTimeout(this.#idle);
  }
}
