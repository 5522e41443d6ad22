/** A session that has been quiet for so long may be served by any worker. */
const SESSION_TTL_MS = 10 * 60_000;
/** Some megabytes; the sessions that were quiet longest go first. */
const MAX_SESSIONS = 50_000;

/** Remembers which worker served a session last. */
export class SessionTable {
  /** By last use, the oldest first. */
  readonly #sessions = new Map<string, { readonly workerId: string; readonly untilMs: number }>();

  /** How many are remembered. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The worker of a session, if it has one still. */
  find(session: string, nowMs: number): string | undefined {
    const found = this.#sessions.get(session);
    return found && nowMs < found.untilMs ? found.workerId : undefined;
  }

  /** Binds a session to a worker from now on. */
  bind(session: string, workerId: string, nowMs: number): void {
    this.#sessions.delete(session);
    this.#sessions.set(session, { workerId, untilMs: nowMs + SESSION_TTL_MS });
    for (const [oldest, { untilMs }] of this.#sessions) {
      if (nowMs < untilMs && this.#sessions.size <= MAX_SESSIONS) return;
      this.#sessions.delete(oldest);
    }
  }
}
