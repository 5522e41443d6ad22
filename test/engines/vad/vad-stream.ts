import type { SileroVad } from '../../../src/engines/vad/silero-vad.js';
import { freshVadState, type VadState } from '../../../src/engines/vad/vad-state.js';

/**
 * One stream on a detector that it shares with others. For those that work a stream at a time; who
 * has several at hand gives them to {@link SileroVad.run} together. One call at a time.
 */
export class VadStream {
  readonly #vad: SileroVad;
  #state = freshVadState();

  constructor(vad: SileroVad) {
    this.#vad = vad;
  }

  /** Where the stream stands; a stream that is given it goes on from there. */
  get state(): VadState {
    return this.#state;
  }

  set state(state: VadState) {
    this.#state = state;
  }

  /**
   * Probabilities of speech, 0–1, of the windows of 32 ms that these samples complete; goes on where
   * the last call stopped.
   * @param pcm 16 kHz, any number of samples.
   */
  async probabilities(pcm: Int16Array): Promise<Float32Array> {
    const [result] = await this.#vad.run([{ state: this.#state, pcm }]);
    if (result === undefined) return new Float32Array(0);
    this.#state = result.state;
    return result.probabilities;
  }

  /** The probability of an unfinished last window, silence added; begins anew. */
  async finish(): Promise<Float32Array> {
    const last = await this.#vad.finish(this.#state);
    this.reset();
    return last;
  }

  /** Forgets all that was heard. */
  reset(): void {
    this.#state = freshVadState();
  }
}
