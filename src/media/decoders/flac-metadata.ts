const MARK_BYTES = 4;
const BLOCK_HEADER_BYTES = 4;
const FLAG_LAST = 0x80;

/** Passes over what stands before the frames of a FLAC file: RFC 9639, sections 6 and 8. */
export class FlacMetadata {
  #header = Buffer.alloc(0);
  #skip = MARK_BYTES;
  #lastBegan = false;

  /** Takes the next bytes of the file and gives those that are frames. */
  after(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    for (;;) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      if (this.#lastBegan || rest.length === 0) return rest;
      rest = this.#readHeader(rest);
    }
  }

  #readHeader(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, BLOCK_HEADER_BYTES - this.#header.length);
    this.#header = Buffer.concat([this.#header, taken]);
    if (this.#header.length === BLOCK_HEADER_BYTES) {
      this.#lastBegan = ((this.#header[0] ?? 0) & FLAG_LAST) !== 0;
      this.#skip = this.#header.readUIntBE(1, 3);
      this.#header = Buffer.alloc(0);
    }
    return bytes.subarray(taken.length);
  }
}
