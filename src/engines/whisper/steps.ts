/** What the two halves of the engine say to each other; structured-cloneable. */

/** One window of up to 30 s to write down. */
export interface WindowStep {
  /** 16 kHz samples; frame t of the window is centred on `pcm[lead + 160 t]`. */
  readonly pcm: Int16Array;
  readonly lead: number;
  /** 10 ms frames that have audio. */
  readonly frames: number;
  /** Language token's code; absent = detect. English-only models have none. */
  readonly language?: string;
  /** Tokens of a text that conditions this window. */
  readonly prompt: readonly number[];
  readonly temperature: number;
}

/** What was heard in a window. */
export interface WindowResult {
  /** Text and timestamp tokens, without the start sequence and the end. */
  readonly tokens: readonly number[];
  /** The language given or detected; absent in English-only models. */
  readonly language?: string;
  /** Mean log probability of the tokens and the end. */
  readonly avgLogprob: number;
  /** Probability that there is no speech, by the model's first answer. */
  readonly noSpeechProb: number;
}
