import type { Writable } from 'node:stream';

/** So many bytes leave at once; less waits for what else the same turn of the event loop brings. */
const MAX_WAITING_BYTES = 64 * 1024;

/** Where the frames of a call go: the answer to its request, or a connection of its own. */
export type Answer = Writable & { flushHeaders?(): void };

/**
 * Writes frames to an answer, those of one turn of the event loop together. The events of a short
 * answer come all in one turn: the supervisor then wakes up once for them, and not for each.
 */
export class FrameWriter {
  readonly #answer: Answer;
  #frames: Buffer[] = [];
  #bytes = 0;
  #turn: NodeJS.Immediate | undefined;

  /** The answer's headers leave with the first frame, or at the end of this turn without one. */
  constructor(answer: Answer) {
    this.#answer = answer;
    this.#schedule();
  }

  /** Queues a frame; look at the answer's `writableNeedDrain` before the next one. */
  write(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#bytes >= MAX_WAITING_BYTES) this.#flush();
    else this.#schedule();
  }

  /** Sends what waits, and ends the answer. */
  end(): void {
    clearImmediate(this.#turn);
    this.#answer.end(this.#taken());
  }

  #schedule(): void {
    this.#turn ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const bytes = this.#taken();
    if (this.#answer.destroyed) return;
    if (bytes) this.#answer.write(bytes);
    else this.#answer.flushHeaders?.();
  }

  #taken(): Buffer | undefined {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames.length > 1 ? Buffer.concat(frames) : frames[0];
  }
}
