import { createHash, timingSafeEqual } from 'node:crypto';

/** A set of secrets that can tell whether a presented one is among them. */
export class Keys {
  #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0;
  }

  /** Other keys count from now on. */
  replace(keys: readonly string[]): void {
    this.#digests = keys.map(digest);
  }

  /** Compares digests of equal length with all keys, so that time tells nothing about any of them. */
  has(key: string): boolean {
    const presented = digest(key);
    return this.#digests.reduce((known, one) => timingSafeEqual(one, presented) || known, false);
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
