/**
 * What a player has heard of one answer, and when it ran dry. It plays from the moment at which the
 * first audible audio comes, at the audio's own pace, with nothing held back before; when it runs
 * dry it waits and goes on with the next audio that comes.
 */
export class PlaybackClock {
  #sinceMs: number | undefined;
  #seconds = 0;
  #underruns = 0;
  #stalledMs = 0;
  #smallestBufferMs: number | undefined;

  /** Takes note of how much audible audio has come by a moment, all together. */
  has(seconds: number, atMs: number): void {
    if (this.#sinceMs === undefined) this.#sinceMs = atMs;
    else this.#arrive(this.bufferMs(atMs));
    this.#seconds = seconds;
  }

  /** How much there is to play without any more; below 0 since it has run dry. */
  bufferMs(atMs: number): number {
    return this.#sinceMs === undefined ? 0 : this.endsAtMs - atMs;
  }

  /** When the audio that has come will have been played; 0 before there is any. */
  get endsAtMs(): number {
    return (this.#sinceMs ?? 0) + this.#seconds * 1000;
  }

  /** How often it ran dry and more came later. */
  get underruns(): number {
    return this.#underruns;
  }

  /** How long it stood still in all. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** The least that was left when more came, 0 if it ran dry; undefined if all came at once. */
  get smallestBufferMs(): number | undefined {
    return this.#smallestBufferMs;
  }

  #arrive(leftMs: number): void {
    this.#smallestBufferMs = Math.min(this.#smallestBufferMs ?? Infinity, Math.max(0, leftMs));
    if (leftMs >= 0) return;
    this.#underruns += 1;
    this.#stalledMs -= leftMs;
    this.#sinceMs = (this.#sinceMs ?? 0) - leftMs;
  }
}
