/** Notes when each frame of a stream was sent, to say when any of its samples was. */
export class SentClock {
  readonly #frameSeconds: number;
  readonly #sentAtMs: number[] = [];

  constructor(frameSeconds: number) {
    this.#frameSeconds = frameSeconds;
  }

  /** The next frame has been sent at a moment. */
  sent(atMs: number): void {
    this.#sentAtMs.push(atMs);
  }

  /**
   * When the sample before a moment of the stream was sent; it is the last one of what ends there.
   * @throws RangeError if it never was.
   */
  sentAtMs(seconds: number): number {
    // Times of words are rounded: a hair beyond the frame is still in it.
    const frame = Math.max(0, Math.ceil(seconds / this.#frameSeconds - 1e-6) - 1);
    const atMs = this.#sentAtMs[frame];
    if (atMs === undefined) throw new RangeError(`Nothing was sent at ${seconds} s.`);
    return atMs;
  }
}
