/** Lets one part of a run wait until another has changed something. */
export class Wake {
  #waiting: (() => void)[] = [];

  /** Resolves with the next call. Whoever waits looks first, in the same turn of the event loop. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Something has changed. */
  call(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
