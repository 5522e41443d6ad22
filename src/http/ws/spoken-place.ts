import type { LiveEvent } from '../../protocol/live.js';
import type { Lease } from '../../routing/router.js';

/**
 * Gives an utterance's place to others while nobody speaks, where the engine tells of that: an open
 * microphone computes next to nothing in silence. Speech never waits for the place: the worker hears
 * it at once, and it counts again as soon as there is room.
 */
export class SpokenPlace {
  readonly #lease: Lease;
  readonly #signal: AbortSignal;
  #isTold = false;
  #isSpeaking = false;
  /** Turns that have ended, with words still to come. */
  #unsettled = 0;
  #isResuming = false;

  constructor(lease: Lease, signal: AbortSignal) {
    this.#lease = lease;
    this.#signal = signal;
  }

  /** Takes what the worker tells next. */
  follow(event: LiveEvent): void {
    if (event.type === 'start') this.#isTold = event.tellsSpeech === true;
    else if (event.type === 'speech_started') this.#isSpeaking = true;
    else if (event.type === 'cleared') this.#isSpeaking = false;
    else if (event.type === 'settled') this.#unsettled -= 1;
    else if (event.type === 'speech_stopped' || event.type === 'committed') this.#turnEnded();
    else return;
    this.#update();
  }

  /** Whether nobody speaks, as far as the worker has told. */
  get isQuiet(): boolean {
    return this.#isTold && !this.#isSpeaking;
  }

  #turnEnded(): void {
    this.#isSpeaking = false;
    this.#unsettled += 1;
  }

  get #isNeeded(): boolean {
    return this.#isSpeaking || this.#unsettled > 0;
  }

  #update(): void {
    if (!this.#isTold) return;
    if (!this.#isNeeded) this.#lease.pause();
    else if (!this.#isResuming) void this.#resume();
  }

  async #resume(): Promise<void> {
    this.#isResuming = true;
    try {
      await this.#lease.resume(this.#signal);
    } catch {
      // Nobody has asked for it: what is spoken is heard, and the next turn tries again.
    }
    this.#isResuming = false;
    // It may have become silent in the meantime.
    if (!this.#isNeeded) this.#lease.pause();
  }
}
