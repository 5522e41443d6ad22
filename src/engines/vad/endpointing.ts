import { endThresholdOf } from './speech-spans.js';
import { VAD_RATE_HZ, VAD_WINDOW_SAMPLES } from './vad-state.js';

/** When somebody who speaks live begins and ends; names and meanings of OpenAI's `server_vad`. */
export interface EndpointingSettings {
  /** Probability from which a window is speech, 0–1. */
  readonly threshold: number;
  /** Audio before the speech that belongs to it. */
  readonly prefixPaddingMs: number;
  /** Silence that ends it. */
  readonly silenceDurationMs: number;
  /** So long somebody must speak to be noticed, so that a click is no speech; absent = 64. */
  readonly minSpeechMs?: number;
}

/** What happens in a live stream; samples at 16 kHz from the stream's beginning. */
export type EndpointEvent =
  | {
      readonly type: 'speech_started';
      /** First sample of the utterance, padding included; never before the end of the last one. */
      readonly atSample: number;
      /** Where the speech itself was first heard. */
      readonly speechFromSample: number;
    }
  | {
      readonly type: 'speech_stopped';
      /** First sample after the utterance, the silence that ended it included. */
      readonly atSample: number;
      /** First sample after the speech itself. */
      readonly speechToSample: number;
    };

const SAMPLES_PER_MS = VAD_RATE_HZ / 1000;
const DEFAULT_MIN_SPEECH_MS = 64;

/** Where the stream is: nobody speaks, perhaps somebody begins, somebody speaks or pauses. */
type State =
  | { readonly type: 'silent' }
  | { readonly type: 'beginning'; readonly from: number }
  | { readonly type: 'speaking' }
  | { readonly type: 'pausing'; readonly from: number };

/**
 * Finds the utterances of a live stream: fed with the probability of each 32 ms, it says at once
 * when somebody has begun and when the silence after it has been long enough. Starts and stops take
 * turns and utterances do not overlap.
 *
 * silent → beginning (threshold reached) → speaking (long enough; started) → pausing (under the end
 * threshold) → speaking (threshold reached again) or silent (silence long enough; stopped).
 */
export class Endpointing {
  #settings: EndpointingSettings;
  #state: State = { type: 'silent' };
  #heardTo = 0;
  /** End of the last utterance. */
  #lastStop = 0;

  constructor(settings: EndpointingSettings) {
    this.#settings = settings;
  }

  /** Whether an utterance is open. */
  get isSpeaking(): boolean {
    return this.#state.type === 'speaking' || this.#state.type === 'pausing';
  }

  /** Changes the settings from the next window on, also within an utterance. */
  configure(settings: EndpointingSettings): void {
    this.#settings = settings;
  }

  /** Takes the probabilities of the next windows. */
  push(probabilities: Float32Array | readonly number[]): EndpointEvent[] {
    return [...probabilities].flatMap((probability) => this.#hear(probability));
  }

  /** Ends an open utterance where the stream is now: it has ended, or somebody asked for the text. */
  stop(): EndpointEvent[] {
    const events = this.isSpeaking ? this.#stopped() : [];
    this.#state = { type: 'silent' };
    return events;
  }

  #hear(probability: number): EndpointEvent[] {
    const from = this.#heardTo;
    this.#heardTo += VAD_WINDOW_SAMPLES;
    this.#state = nextState(this.#state, { from, ...this.#verdict(probability) });
    if (this.#state.type === 'beginning' && this.#lasts(this.#state.from, this.#minSpeechMs)) {
      return this.#started(this.#state.from);
    }
    const { silenceDurationMs } = this.#settings;
    const isOver =
      this.#state.type === 'pausing' && this.#lasts(this.#state.from, silenceDurationMs);
    return isOver ? this.#stopped() : [];
  }

  #verdict(probability: number): { isSpeech: boolean; isSilence: boolean } {
    const { threshold } = this.#settings;
    return {
      isSpeech: probability >= threshold,
      isSilence: probability < endThresholdOf(threshold),
    };
  }

  get #minSpeechMs(): number {
    return this.#settings.minSpeechMs ?? DEFAULT_MIN_SPEECH_MS;
  }

  #lasts(from: number, ms: number): boolean {
    return this.#heardTo - from >= ms * SAMPLES_PER_MS;
  }

  #started(speechFromSample: number): EndpointEvent[] {
    this.#state = { type: 'speaking' };
    const padding = Math.round(this.#settings.prefixPaddingMs * SAMPLES_PER_MS);
    const atSample = Math.max(this.#lastStop, speechFromSample - padding);
    return [{ type: 'speech_started', atSample, speechFromSample }];
  }

  #stopped(): EndpointEvent[] {
    const speechToSample = this.#state.type === 'pausing' ? this.#state.from : this.#heardTo;
    this.#state = { type: 'silent' };
    this.#lastStop = this.#heardTo;
    return [{ type: 'speech_stopped', atSample: this.#heardTo, speechToSample }];
  }
}

/** A window, by its first sample and by what the thresholds say; between them it is neither. */
interface Window {
  readonly from: number;
  readonly isSpeech: boolean;
  readonly isSilence: boolean;
}

/** The next state but for what takes time: a beginning that lasts, a pause that does. */
function nextState(state: State, { from, isSpeech, isSilence }: Window): State {
  switch (state.type) {
    case 'silent':
      return isSpeech ? { type: 'beginning', from } : state;
    case 'beginning':
      return isSilence ? { type: 'silent' } : state;
    case 'speaking':
      return isSilence ? { type: 'pausing', from } : state;
    case 'pausing':
      return isSpeech ? { type: 'speaking' } : state;
  }
}
