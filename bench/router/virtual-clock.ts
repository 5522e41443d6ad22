import type { Clock } from '../../src/routing/clock.js';

interface Timer {
  readonly atMs: number;
  /** Of those that are due together the one that was asked for first goes first. */
  readonly order: number;
  call: (() => void) | undefined;
}

/** Time that passes only from one timer to the next. */
export class VirtualClock implements Clock {
  /** A binary heap, the earliest timer at its top. */
  readonly #heap: Timer[] = [];
  #nowMs = 0;
  #asked = 0;

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + delayMs, order: this.#asked, call };
    this.#asked += 1;
    this.#push(timer);
    return () => {
      timer.call = undefined;
    };
  }

  /** Goes on to the next timer that is due by then and calls it; false if there is none. */
  step(untilMs = Infinity): boolean {
    for (let first = this.#heap[0]; first && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      if (!first.call) continue;
      this.#nowMs = Math.max(this.#nowMs, first.atMs);
      first.call();
      return true;
    }
    return false;
  }

  #push(timer: Timer): void {
    let at = this.#heap.length;
    for (let parent = up(at); at > 0; parent = up(at)) {
      const above = this.#heap[parent];
      if (!above || isBefore(above, timer)) break;
      this.#heap[at] = above;
      at = parent;
    }
    this.#heap[at] = timer;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    let at = 0;
    for (let below = this.#earlierChild(at); below; below = this.#earlierChild(at)) {
      if (isBefore(last, below.timer)) break;
      this.#heap[at] = below.timer;
      at = below.at;
    }
    this.#heap[at] = last;
  }

  #earlierChild(parent: number): { readonly at: number; readonly timer: Timer } | undefined {
    const at = 2 * parent + 1;
    const left = this.#heap[at];
    const right = this.#heap[at + 1];
    if (!left) return undefined;
    return right && isBefore(right, left) ? { at: at + 1, timer: right } : { at, timer: left };
  }
}

function up(at: number): number {
  return (at - 1) >> 1;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
