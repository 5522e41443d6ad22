/** Speech that is sent on in one piece: each piece costs a write here and wakes the worker there. */
export class GatheredSpeech {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** Length of what is gathered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds speech; it is not copied yet and must stay as it is. */
  push(pcm: Uint8Array): void {
    this.#pieces.push(pcm);
    this.#bytes += pcm.byteLength;
  }

  /** Gives all of it, and begins anew; undefined if there is none. */
  take(): Uint8Array | undefined {
    const [first, ...rest] = this.#pieces;
    if (!first) return undefined;
    const all = rest.length === 0 ? first : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    return all;
  }
}
