import { cacheArray, type CacheArray, type CacheElement } from './cache-element.js';

/**
 * Memory for keys and values, used again and again: fresh arrays of tens of megabytes for each batch
 * would wait for the garbage collector, which does not see how large they are.
 */
export class CacheRoom {
  readonly element: CacheElement;
  readonly #growth: number;
  readonly #buffers = new Map<string, CacheArray>();

  /**
   * @param growth How many times as large a buffer becomes at least when it grows: 2 for what grows
   * with each token, which shall not be made anew with each.
   */
  constructor(element: CacheElement, growth = 1) {
    this.element = element;
    this.#growth = growth;
  }

  /** So many numbers; whoever had them before has them no longer. */
  take(name: string, length: number): CacheArray {
    const known = this.#buffers.get(name);
    if (known && known.length >= length) return known.subarray(0, length);
    const least = known ? this.#growth * known.length : 0;
    const made = cacheArray(this.element, Math.max(length, least));
    this.#buffers.set(name, made);
    return made.subarray(0, length);
  }
}
