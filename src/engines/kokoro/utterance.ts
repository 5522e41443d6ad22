import type { TextSpan } from '../../speech/script.js';
import type { JobContext, StepPlace } from '../engine.js';
import type { BegunUtterance, Utterance } from '../utterance.js';
import type { SpokenPart } from './cut.js';
import { wordMarks } from './marks.js';
import { KOKORO_RATE_HZ, type KokoroResult, type KokoroStep } from './replica.js';

import { tokenOf } from './symbols.js';

/** How long a token sounds, spaces and marks among them: what the voices take on the average. */
const SECONDS_PER_TOKEN = 0.065;
/** Silence after a clause that its sentence goes on after; within a piece Kokoro makes it itself. */
const CLAUSE_PAUSE_SECONDS = 0.2;

/** What an utterance of Kokoro is made of. */
export interface KokoroUtteranceOptions {
  readonly part: SpokenPart;
  /** Places in the request's text that the symbols name. */
  readonly words: readonly TextSpan[];
  /** 1 = the voice's own pace. */
  readonly speed: number;
  /** The voice's style for so many tokens. */
  readonly style: (tokens: number) => Promise<Float32Array>;
  readonly context: Pick<JobContext<KokoroStep, KokoroResult>, 'step'>;
}

/** An utterance that is one step: Kokoro's audio cannot be computed in parts. */
export class KokoroUtterance implements Utterance {
  readonly #options: KokoroUtteranceOptions;

  constructor(options: KokoroUtteranceOptions) {
    this.#options = options;
  }

  get expectedSeconds(): number {
    const { part, speed } = this.#options;
    return (part.symbols.length * SECONDS_PER_TOKEN) / speed;
  }

  async begin(place: StepPlace): Promise<BegunUtterance> {
    const { part, words, speed, style, context } = this.#options;
    const { symbols } = part;
    const tokens = symbols.map(({ symbol }) => tokenOf(symbol));
    const step = { tokens, style: await style(tokens.length), speed };
    const { samples: sound, durations, trimmedSamples } = await context.step(step, place);
    const samples = this.#withPause(sound);
    return {
      words: durations ? wordMarks({ symbols, words, durations, trimmedSamples, sound }) : [],
      parts: [{ samples: samples.length, run: async () => samples }],
    };
  }

  #withPause(sound: Float32Array): Float32Array {
    if (this.#options.part.ends !== 'clause') return sound;
    const paused = new Float32Array(sound.length + CLAUSE_PAUSE_SECONDS * KOKORO_RATE_HZ);
    paused.set(sound);
    return paused;
  }
}
