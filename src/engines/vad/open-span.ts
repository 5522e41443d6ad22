import { type SpeechSpan, spanLength } from './span.js';
import { VAD_RATE_HZ, VAD_WINDOW_SAMPLES } from './vad-state.js';

/** What makes a span, in samples. */
export interface SpanRules {
  readonly threshold: number;
  readonly endThreshold: number;
  readonly minSpeechSamples: number;
  readonly minSilenceSamples: number;
  /** Longest span, without padding; may be infinite. */
  readonly maxSamples: number;
}

/** What was heard in a window. */
export interface HeardWindow {
  readonly probability: number;
  /** Its first sample. */
  readonly at: number;
}

/** Only a pause longer than this is a place to cut: 98 ms, as in Silero's own code. */
const MIN_CUT_PAUSE_SAMPLES = (98 * VAD_RATE_HZ) / 1000;

/** Speech that goes on, and the places where it may be cut. */
export class OpenSpan {
  readonly #rules: SpanRules;
  #from: number;
  #heardTo: number;
  #pauseFrom: number | undefined;
  #isRest = false;
  /** Pauses inside that are long enough to cut in. */
  #pauses: SpeechSpan[] = [];
  /** Windows beyond the middle than which no later one is less likely speech, in order. */
  #quietest: HeardWindow[] = [];

  constructor(rules: SpanRules, from: number) {
    this.#rules = rules;
    this.#from = from;
    this.#heardTo = from + VAD_WINDOW_SAMPLES;
  }

  /** The first sample. */
  get from(): number {
    return this.#from;
  }

  /** Where it would end if nobody spoke any more. */
  get end(): number {
    return this.#pauseFrom ?? this.#heardTo;
  }

  /** Whether the speech began before this span did. */
  get isRest(): boolean {
    return this.#isRest;
  }

  /** Goes on with a window; returns what had to be cut off before it. */
  hear(window: HeardWindow): SpeechSpan[] {
    this.#heardTo = window.at + VAD_WINDOW_SAMPLES;
    this.#noteQuiet(window);
    this.#notePause(window);
    const cuts: SpeechSpan[] = [];
    // In a pause it does not grow.
    while (this.#pauseFrom === undefined && this.#heardTo - this.#from > this.#rules.maxSamples) {
      cuts.push(this.#cut(window.at));
    }
    return cuts;
  }

  /**
   * Whether the pause is long enough to end the span. As in Silero's own code it counts up to the
   * beginning of the window, and a window between the thresholds ends nothing.
   */
  isOver({ probability, at }: HeardWindow): boolean {
    if (this.#pauseFrom === undefined || probability >= this.#rules.endThreshold) return false;
    return at - this.#pauseFrom >= this.#rules.minSilenceSamples;
  }

  #notePause({ probability, at }: HeardWindow): void {
    if (this.#pauseFrom === undefined) {
      if (probability < this.#rules.endThreshold) this.#pauseFrom = at;
      return;
    }
    if (probability < this.#rules.threshold) return;
    const isCuttable = at - this.#pauseFrom > MIN_CUT_PAUSE_SAMPLES;
    if (isCuttable && Number.isFinite(this.#rules.maxSamples)) {
      this.#pauses.push({ fromSample: this.#pauseFrom, toSample: at });
    }
    this.#pauseFrom = undefined;
  }

  /** Keeps the minimum of what a cut may choose from: the ascending rest, as of a sliding window. */
  #noteQuiet(window: HeardWindow): void {
    const length = window.at - this.#from;
    const { maxSamples } = this.#rules;
    if (length < maxSamples / 2 || length > maxSamples) return;
    while ((this.#quietest.at(-1)?.probability ?? -1) >= window.probability) this.#quietest.pop();
    this.#quietest.push(window);
  }

  /** Cuts in the longest pause; without one, before the least likely window of the second half. */
  #cut(at: number): SpeechSpan {
    const pause = longest(this.#pauses);
    const end = pause?.fromSample ?? this.#quietest[0]?.at ?? at;
    const cut = { fromSample: this.#from, toSample: end };
    this.#from = pause?.toSample ?? end;
    this.#isRest = true;
    this.#pauses = this.#pauses.filter(({ fromSample }) => fromSample > this.#from);
    const middle = this.#from + this.#rules.maxSamples / 2;
    this.#quietest = this.#quietest.filter((quiet) => quiet.at >= middle);
    return cut;
  }
}

function longest(spans: readonly SpeechSpan[]): SpeechSpan | undefined {
  return spans.reduce<SpeechSpan | undefined>(
    (best, span) => (best && spanLength(best) >= spanLength(span) ? best : span),
    undefined,
  );
}
