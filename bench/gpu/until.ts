import { setTimeout as delay } from 'node:timers/promises';

/** What is waited for. */
export interface Wanted<Value> {
  /** In words, for the error. */
  readonly what: string;
  readonly look: () => Promise<Value>;
  readonly isWanted: (value: Value) => boolean;
  /** A minute unless told. */
  readonly timeoutMs?: number;
}

const POLL_MS = 50;
const TIMEOUT_MS = 60_000;

/**
 * Looks again and again until it sees what is wanted, and gives it.
 * @throws Error with what it saw last, when the time is over.
 */
export async function until<Value>(wanted: Wanted<Value>): Promise<Value> {
  const { what, look, isWanted, timeoutMs = TIMEOUT_MS } = wanted;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (isWanted(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms; last seen: ${JSON.stringify(value)}`);
    }
    await delay(POLL_MS);
  }
}
