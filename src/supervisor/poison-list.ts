import { ChorusError } from '../protocol/errors.js';

/** So many processes must have died of an input until it is refused. */
const MAX_DEATHS = 2;
/** A suspicion or a verdict is forgotten after this long: models and drivers get mended. */
const TTL_MS = 10 * 60_000;
/** Bounds the memory; the oldest suspicion goes first. */
const MAX_ENTRIES = 1_000;

interface Suspicion {
  /** Processes that died while they computed for the input. */
  readonly deaths: Set<string>;
  expiresAt: number;
}

/**
 * Remembers inputs that processes died of. An input that was answered well since is cleared: what
 * killed that process was something else.
 */
export class PoisonList {
  readonly #suspicions = new Map<string, Suspicion>();
  readonly #now: () => number;

  /** @param now Monotonic time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether nothing is suspected, so that nobody need be asked for a digest. */
  get isEmpty(): boolean {
    this.#forget();
    return this.#suspicions.size === 0;
  }

  /** Whether the input has killed as many processes as it may. */
  isPoison(digest: string): boolean {
    this.#forget();
    return (this.#suspicions.get(digest)?.deaths.size ?? 0) >= MAX_DEATHS;
  }

  /**
   * Refuses poison.
   * @throws ChorusError `poisoned_input`.
   */
  refuse(digest: string): void {
    if (!this.isPoison(digest)) return;
    const message =
      'Two processes have failed while they worked on this very input; ' +
      'it is refused for some minutes. Please report it.';
    throw new ChorusError('poisoned_input', message);
  }

  /** A process died while it computed for the input. */
  suspect(digest: string, incarnation: string): void {
    const { deaths } = this.#suspicions.get(digest) ?? { deaths: new Set<string>() };
    deaths.add(incarnation);
    // Put in anew: the map's order is that of the last deaths.
    this.#suspicions.delete(digest);
    this.#suspicions.set(digest, { deaths, expiresAt: this.#now() + TTL_MS });
    const [oldest] = this.#suspicions.keys();
    if (this.#suspicions.size > MAX_ENTRIES && oldest !== undefined) {
      this.#suspicions.delete(oldest);
    }
  }

  /** The input was answered well. */
  clear(digest: string): void {
    this.#suspicions.delete(digest);
  }

  #forget(): void {
    const now = this.#now();
    for (const [digest, { expiresAt }] of this.#suspicions) {
      if (expiresAt > now) return;
      this.#suspicions.delete(digest);
    }
  }
}
