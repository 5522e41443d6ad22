/** One stream's encoder. Everything that it returns is memory of its own. */
export interface StreamEncoder {
  /** Takes mono samples in [−1, 1] and returns the bytes that they complete. */
  push(samples: Float32Array): Uint8Array[];
  /** Returns the last bytes; nothing may be pushed after that. */
  finish(): Uint8Array[];
  /** Gives memory back; allowed at any time, once. */
  free(): void;
}
