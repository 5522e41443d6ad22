const HEADER_BYTES = 27;
const FLAG_LAST = 4;

/**
 * Follows the pages of an Ogg file that comes in chunks, to tell whether it is whole: the codecs'
 * decoders take a file that was cut short for a complete one.
 */
export class OggPages {
  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;
  #last = false;
  #lost = false;

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    if (this.#lost) return;
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#pending = Buffer.concat([this.#pending, bytes.subarray(skipped)]);
    while (this.#skip === 0 && this.#pending.length >= HEADER_BYTES) {
      if (!this.#readPage()) return;
    }
  }

  /** True if the file ended with a page that ends a stream (RFC 3533, section 6). */
  get whole(): boolean {
    return this.#lost || (this.#last && this.#skip === 0);
  }

  #readPage(): boolean {
    if (this.#pending.toString('latin1', 0, 4) !== 'OggS') {
      // Not ours to repair; the decoder looks for the next page by itself.
      this.#lost = true;
      this.#pending = Buffer.alloc(0);
      return false;
    }
    const segments = this.#pending[26] ?? 0;
    const bodyAt = HEADER_BYTES + segments;
    if (this.#pending.length < bodyAt) return false;
    const lacing = this.#pending.subarray(HEADER_BYTES, bodyAt);
    const end = lacing.reduce((sum, bytes) => sum + bytes, bodyAt);
    this.#last = ((this.#pending[5] ?? 0) & FLAG_LAST) !== 0;
    this.#skip = Math.max(0, end - this.#pending.length);
    this.#pending = this.#pending.subarray(Math.min(end, this.#pending.length));
    return true;
  }
}
