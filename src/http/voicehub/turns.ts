import { once } from 'node:events';
import { ChorusError } from '../../protocol/errors.js';

/** Lets only so many do a thing at once; the others wait in the order of their arrival. */
export class Turns {
  #free: number;
  readonly #waiting: AbortController[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Does a thing when its turn has come.
   * @throws ChorusError of the signal's abort, if that comes before the turn.
   */
  async take<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (signal.aborted) throw ChorusError.ofAbort(signal);
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const turn = new AbortController();
    this.#waiting.push(turn);
    await once(AbortSignal.any([turn.signal, signal]), 'abort');
    if (turn.signal.aborted && !signal.aborted) return;
    if (turn.signal.aborted) this.#pass();
    else this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    throw ChorusError.ofAbort(signal);
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next.abort();
    else this.#free += 1;
  }
}
