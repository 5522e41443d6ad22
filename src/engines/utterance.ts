import type { WordMark } from '../protocol/requests.js';
import type { StepPlace } from './engine.js';

/** What a model says in one breath; the next ones of a request are begun while one is heard. */
export interface Utterance {
  /** Roughly how long it will be; for the order of steps only. */
  readonly expectedSeconds: number;
  /** Finds out how long it is, and what can be computed of it by itself. */
  begin(place: StepPlace): Promise<BegunUtterance>;
}

/** An utterance of known length. */
export interface BegunUtterance {
  /** Its words, with samples from its own beginning; empty without an alignment. */
  readonly words: readonly WordMark[];
  /** Its audio, in order. */
  readonly parts: readonly AudioPart[];
}

/** Audio that is computed by itself. */
export interface AudioPart {
  readonly samples: number;
  /** Mono samples in −1…1, just as many as `samples`. */
  run(place: StepPlace): Promise<Float32Array>;
}

/** Silence as an utterance of its own. */
export function silentUtterance(samples: number, sampleRateHz: number): Utterance {
  const part = { samples, run: async () => new Float32Array(samples) };
  return {
    expectedSeconds: samples / sampleRateHz,
    begin: async () => ({ words: [], parts: samples > 0 ? [part] : [] }),
  };
}
