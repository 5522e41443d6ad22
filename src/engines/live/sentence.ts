import { VAD_WINDOW_SAMPLES } from '../vad/vad-state.js';
import type { LiveText } from './ports.js';
import { quietestWindow } from './quietest.js';
import { StablePrefix } from './stable-prefix.js';

/** A decode of an open sentence; what it covers is known when its turn has come. */
export interface Reading {
  /** End of the newest speech that it covers. */
  voiceTo: number;
  /** It is made as final words are: if no speech follows, it is them. */
  isFinal: boolean;
  /** The sentence had ended with other words before its turn came. */
  isSkipped: boolean;
  text?: Promise<LiveText>;
}

/** Where a sentence begins. */
export interface SentenceStart {
  /** Silence before the speech included. */
  readonly fromSample: number;
  readonly voiceFrom: number;
  /** It goes on with the words of that one, which had to be cut. */
  readonly after?: Sentence;
}

/** A stretch of speech that is written down as one: from silence to silence, or to a cut. */
export class Sentence {
  readonly fromSample: number;
  readonly voiceFrom: number;
  /** Let go when this one is final, so that no chain grows. */
  after: Sentence | undefined;
  readonly words = new StablePrefix();
  /** End of the newest window that is not silence. */
  voiceTo: number;
  /** Probability of speech of each 32 ms since its beginning. */
  probabilities: number[] = [];
  /** The newest reading, finished or not. */
  reading: Reading | undefined;
  /** End of the speech that the newest guess covers; no stable word was said after `stableTo`. */
  guessedTo: number;
  stableTo: number;
  /** The newest guess. */
  guess: LiveText | undefined;
  /** Heard in it, where none was given. */
  language: string | undefined;
  /** What it says, once that is final. */
  text = '';
  /** Its samples, once it has ended. */
  pcm: Int16Array | undefined;
  /** Nobody wants its words any more. */
  isDropped = false;

  constructor({ fromSample, voiceFrom, after }: SentenceStart) {
    this.fromSample = fromSample;
    this.voiceFrom = voiceFrom;
    this.after = after;
    this.voiceTo = voiceFrom;
    this.guessedTo = fromSample;
    this.stableTo = fromSample;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.pcm === undefined && !this.isDropped;
  }

  /** Whether its newest reading is what it says, once it has ended. */
  get isRead(): boolean {
    return this.reading?.isFinal === true && this.reading.voiceTo === this.voiceTo;
  }

  /**
   * The first sample of the next sentence if this one has to end in the middle of speech: where speech
   * is least likely, in its second half, and after all words that are stable.
   */
  cutAt(): number {
    const windows = this.probabilities.length;
    const stableWindows = (this.stableTo - this.fromSample) / VAD_WINDOW_SAMPLES;
    const from = Math.max(windows >> 1, Math.ceil(stableWindows) + 1);
    const at = quietestWindow(this.probabilities, from);
    return this.fromSample + at * VAD_WINDOW_SAMPLES;
  }

  /** The sentence that begins where this one is cut. */
  restFrom(cut: number): Sentence {
    const rest = new Sentence({ fromSample: cut, voiceFrom: cut, after: this });
    const window = Math.round((cut - this.fromSample) / VAD_WINDOW_SAMPLES);
    rest.probabilities = this.probabilities.slice(window);
    rest.voiceTo = Math.max(cut, this.voiceTo);
    this.voiceTo = Math.min(cut, this.voiceTo);
    rest.language = this.language;
    return rest;
  }
}
