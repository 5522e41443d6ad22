import { meanSquare } from '../../audio/loudness.js';
import type { EndpointEvent } from '../vad/endpointing.js';
import { VAD_WINDOW_SAMPLES } from '../vad/vad-state.js';

/** Loudness is that of 320 ms: a syllable or two, pauses between sounds included. */
const WINDOWS = 10;
/** Whoever speaks already may become so much quieter: FunSpeech's factor. */
export const KEPT_SHARE = 0.6;

type Started = Extract<EndpointEvent, { type: 'speech_started' }>;

/** Speech of which is not known yet whether it is near. */
interface Pending {
  readonly event: Started;
  /** Of its windows of speech so far. */
  sumSquares: number;
  windows: number;
  /** Mean square of its loudest moment. */
  peak: number;
}

/** Speech that was left out; samples from the stream's beginning. */
export interface FarSpeech {
  readonly fromSample: number;
  readonly toSample: number;
  /** Root mean square of its loudest 320 ms, 0–1. */
  readonly rms: number;
}

/** What is left of an end point when far speech is left out. */
export interface NearVerdict {
  readonly events: readonly EndpointEvent[];
  readonly far?: FarSpeech;
}

/**
 * Leaves out speech that is too quiet to be meant: somebody at the other end of the room, a television.
 * Speech begins when 320 ms of it are loud enough, whatever is still to come of them, or when all of a
 * shorter word is; it goes on as long as 320 ms are not quieter than 0.6 of that.
 */
export class NearField {
  readonly #minSquare: number;
  readonly #squares: number[] = [];
  #pending: Pending | undefined;
  #isNear = false;

  /** @param minRms Root mean square from which speech is near, 0–1 of full scale. */
  constructor(minRms: number) {
    this.#minSquare = minRms * minRms;
  }

  /**
   * Takes the samples of the next window of 32 ms.
   * @returns The probability that somebody speaks who is near, as far as that is known.
   */
  hear(pcm: Int16Array, probability: number): number {
    this.#squares.push(meanSquare(pcm));
    if (this.#squares.length > WINDOWS) this.#squares.shift();
    const isLost = this.#isNear && this.#loudness < this.#minSquare * KEPT_SHARE * KEPT_SHARE;
    return isLost ? 0 : probability;
  }

  /**
   * Passes an end point on, later or not at all.
   * @param heardTo First sample after the window.
   * @param isSpeech Whether the window is speech.
   */
  judge(event: EndpointEvent | undefined, heardTo: number, isSpeech: boolean): NearVerdict {
    if (event?.type === 'speech_started') this.#begin(event);
    else if (this.#pending && isSpeech) this.#grow(this.#pending);
    const started = this.#nearBy(heardTo);
    if (event?.type !== 'speech_stopped') return { events: started };
    if (!this.#pending) {
      this.reset();
      return { events: [...started, event] };
    }
    const { pending, late } = this.#close(this.#pending);
    if (late) return { events: [pending.event, event] };
    const { speechFromSample: fromSample } = pending.event;
    const far = { fromSample, toSample: event.speechToSample, rms: Math.sqrt(pending.peak) };
    return { events: [], far };
  }

  /** The speech has to end here: its beginning if it was near after all. */
  end(): Started | undefined {
    if (!this.#pending) return undefined;
    const { pending, late } = this.#close(this.#pending);
    return late ? pending.event : undefined;
  }

  /** Nobody speaks. */
  reset(): void {
    this.#pending = undefined;
    this.#isNear = false;
  }

  /** Mean square of the last 320 ms, silence before the stream included. */
  get #loudness(): number {
    return this.#squares.reduce((sum, one) => sum + one, 0) / WINDOWS;
  }

  #begin(event: Started): void {
    // It is noticed after two windows.
    const heard = this.#squares.slice(-2);
    const sumSquares = heard.reduce((sum, one) => sum + one, 0);
    this.#pending = { event, sumSquares, windows: heard.length, peak: 0 };
  }

  #grow(pending: Pending): void {
    pending.sumSquares += this.#squares.at(-1) ?? 0;
    pending.windows += 1;
  }

  #nearBy(heardTo: number): EndpointEvent[] {
    const pending = this.#pending;
    if (!pending) return [];
    pending.peak = Math.max(pending.peak, this.#loudness);
    if (pending.peak < this.#minSquare) return [];
    this.#pending = undefined;
    this.#isNear = true;
    return [since(pending.event, heardTo - WINDOWS * VAD_WINDOW_SAMPLES)];
  }

  /** A word that is shorter than what loudness is measured over is measured by itself. */
  #close(pending: Pending): { readonly pending: Pending; readonly late: boolean } {
    const { sumSquares, windows } = pending;
    this.reset();
    return { pending, late: windows < WINDOWS && sumSquares / windows >= this.#minSquare };
  }
}

/** The beginning of speech that was far before that sample. */
function since(event: Started, sample: number): Started {
  const { atSample, speechFromSample } = event;
  if (sample <= speechFromSample) return event;
  const moved = sample - speechFromSample;
  return { ...event, atSample: atSample + moved, speechFromSample: sample };
}
