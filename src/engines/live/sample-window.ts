import { LIVE_RATE_HZ } from './ports.js';

/** The newest samples of a stream, by their place in it; what is forgotten is gone. */
export class SampleWindow {
  #samples = new Int16Array(LIVE_RATE_HZ);
  #from = 0;
  #length = 0;

  /** First sample that is not there yet. */
  get end(): number {
    return this.#from + this.#length;
  }

  /** First sample that is still there. */
  get start(): number {
    return this.#from;
  }

  /** Adds samples. */
  append(pcm: Int16Array): void {
    const needed = this.#length + pcm.length;
    if (needed > this.#samples.length) {
      const grown = new Int16Array(2 * needed);
      grown.set(this.#samples.subarray(0, this.#length));
      this.#samples = grown;
    }
    this.#samples.set(pcm, this.#length);
    this.#length = needed;
  }

  /** A copy of the samples between two places, as far as they are there. */
  copy(fromSample: number, toSample: number): Int16Array {
    const at = (sample: number): number => Math.min(this.#length, Math.max(0, sample - this.#from));
    return this.#samples.slice(at(fromSample), at(toSample));
  }

  /** Drops what lies before a place. */
  forget(before: number): void {
    const dropped = Math.min(this.#length, before - this.#from);
    if (dropped <= 0) return;
    this.#samples.copyWithin(0, dropped, this.#length);
    this.#from += dropped;
    this.#length -= dropped;
  }
}
