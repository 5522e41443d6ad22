/** Marks that may be kept; older speech than they tell of counts from the oldest. */
const MAX_MARKS = 512;

/** When speech came: for each place of it the moment at which it was there. */
export class SpeechClock {
  readonly #bytesPerSecond: number;
  #marks: { readonly endSeconds: number; readonly atMs: number }[] = [];
  #bytes = 0;

  /** @param sampleRateHz Rate of the signed 16-bit mono speech. */
  constructor(sampleRateHz: number) {
    this.#bytesPerSecond = sampleRateHz * Int16Array.BYTES_PER_ELEMENT;
  }

  /** So many bytes of speech are there now. */
  came(bytes: number): void {
    this.#bytes += bytes;
    this.#marks.push({ endSeconds: this.#bytes / this.#bytesPerSecond, atMs: performance.now() });
    if (this.#marks.length > MAX_MARKS) this.#marks = this.#marks.slice(MAX_MARKS / 2);
  }

  /** How long ago the speech up to that second was there; undefined if it is not there yet. */
  ageSeconds(throughSeconds: number): number | undefined {
    const at = this.#marks.findIndex((mark) => mark.endSeconds >= throughSeconds);
    const mark = this.#marks[at];
    if (!mark) return undefined;
    // Words come in order: nobody asks for what was before.
    this.#marks = this.#marks.slice(at);
    return (performance.now() - mark.atMs) / 1000;
  }

  /** How long ago the last of it came; undefined if none did. */
  get lastAgeSeconds(): number | undefined {
    const last = this.#marks.at(-1);
    return last && (performance.now() - last.atMs) / 1000;
  }
}
