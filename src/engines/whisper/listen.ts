/** Speech written down while it is spoken: what the live recogniser needs, by Whisper. */
import type { LiveEvent, LivePiece, LiveRequest } from '../../protocol/live.js';
import type { JobContext, ReadingPlace } from '../engine.js';
import { recogniseLive } from '../live/live-recogniser.js';
import type { BegunText, LivePorts, LiveText, LiveWindow } from '../live/ports.js';
import { freshVadState, type VadState } from '../vad/vad-state.js';
import { checkLanguage, fallbackLanguage } from './languages.js';
import { type Attempt, climb } from './ladder.js';
import type { OpenWhisper } from './open-whisper.js';
import { compressibility, isNoSpeech, isSpoken } from './quality.js';
import { RunWhisper } from './run-whisper.js';
import type { WhisperResult, WhisperStep, WindowResult, WindowStep } from './steps.js';
import { tokenLogprobs } from './token-logprobs.js';
import type { WhisperTokenizer } from './tokenizer.js';
import { FRAME_SAMPLES, FRAMES_PER_SECOND, paddedFrames } from './window-size.js';
import { segmentWords } from './words.js';

/**
 * A guess is sure of a token that is so likely. With 0.6 words come 0.1 s sooner in the median, and one
 * more in a hundred is wrong (eight streams, tiny.en).
 */
const SURE_LOGPROB = Math.log(0.9);

/** Live speech, and how steps are run for it. */
export interface Listening {
  readonly audio: AsyncIterable<LivePiece>;
  readonly context: JobContext<WhisperStep, WhisperResult>;
}

/**
 * Hears an utterance while it is spoken.
 * @throws ChorusError `unsupported_language`, or as {@link recogniseLive} does.
 */
export async function* listen(
  model: OpenWhisper,
  request: LiveRequest,
  { audio, context }: Listening,
): AsyncGenerator<LiveEvent> {
  checkLanguage(model, request.language);
  const { signal } = context;
  const ports = new WhisperPorts(model, new RunWhisper(context));
  const language = request.language ?? fallbackLanguage(model);
  yield* recogniseLive({ request, ports, language, signal }, audio);
}

/** One stream's ear and pen. */
class WhisperPorts implements LivePorts {
  readonly #model: OpenWhisper;
  readonly #run: RunWhisper;
  #heard: VadState = freshVadState();

  constructor(model: OpenWhisper, run: RunWhisper) {
    this.#model = model;
    this.#run = run;
  }

  async hear(pcm: Int16Array, place: ReadingPlace): Promise<Float32Array> {
    const step = { type: 'speech', pcm, state: this.#heard, isLast: false } as const;
    const { probabilities, state } = await this.#run.findSpeech(step, place);
    this.#heard = state;
    return probabilities;
  }

  async decode(latest: () => LiveWindow, place: ReadingPlace): Promise<LiveText> {
    let made: { readonly window: LiveWindow; readonly step: WindowStep } | undefined;
    const first = await this.#run.writeWindow(() => {
      const window = latest();
      made = { window, step: this.#stepOf(window) };
      return made.step;
    }, place);
    if (!made) throw new Error('A step was run without having been made.');
    const { window, step } = made;
    // A guess is replaced anyway: only what stays is worth further attempts.
    const attempt = window.isFinal
      ? await this.#improve(first, step, place)
      : { result: first, temperature: step.temperature };
    return this.#textOf(window, attempt);
  }

  #stepOf({ pcm, prompt, begun, language, isFinal, words }: LiveWindow): WindowStep {
    const { info, tokenizer, isTailed } = this.#model;
    const frames = Math.floor(pcm.length / FRAME_SAMPLES);
    const totalFrames = paddedFrames(frames, { isTailed, isGuess: !isFinal });
    return {
      ...{ type: 'window', pcm, lead: 0, frames, totalFrames },
      ...{ prompt: tokenizer.encodePrompt(prompt), temperature: 0 },
      ...(language !== undefined && info.multilingual && { language }),
      ...(begun && { begun: begunTokens(tokenizer, begun) }),
      ...(isFinal && words && { alignment: true }),
    };
  }

  /** Climbs on from the attempt that was made already. */
  #improve(first: WindowResult, step: WindowStep, place: ReadingPlace): Promise<Attempt> {
    let ready: WindowResult | undefined = first;
    return climb(step, {
      write: async (next) => {
        const result = ready ?? (await this.#run.writeWindow(next, place));
        ready = undefined;
        return result;
      },
      decode: (tokens) => this.#model.tokenizer.decode(tokens),
    });
  }

  #textOf(window: LiveWindow, { result, temperature }: Attempt): LiveText {
    const { tokenizer } = this.#model;
    const { tokens, logprobs, avgLogprob, noSpeechProb, language } = result;
    const said = isNoSpeech(result) ? '' : tokenizer.decode(tokens);
    const isText = isSpoken(said);
    return {
      ...{ text: isText ? said : '', tokens: isText ? tokens : [] },
      ...{ temperature, avgLogprob, noSpeechProb, compressionRatio: compressibility(said) },
      ...(isText && !window.isFinal && { sureLength: this.#sureLength(result) }),
      ...(language !== undefined && { language }),
      ...(isText && result.alignment && { words: this.#wordsOf(window, result) }),
      ...(window.logprobs && {
        tokenLogprobs: isText ? tokenLogprobs(tokenizer, tokens, logprobs) : [],
      }),
    };
  }

  /** Up to the first token of the text that is less likely; timestamps do not matter. */
  #sureLength({ tokens, logprobs }: WindowResult): number {
    const { info, tokenizer } = this.#model;
    const unsure = tokens.findIndex(
      (token, at) => token < info.tokens.timestampBegin && (logprobs[at] ?? 0) < SURE_LOGPROB,
    );
    return tokenizer.decode(unsure === -1 ? tokens : tokens.slice(0, unsure)).length;
  }

  /** The window as one segment: its timestamps do not matter here. */
  #wordsOf({ pcm }: LiveWindow, result: WindowResult): NonNullable<LiveText['words']> {
    const end = pcm.length / FRAME_SAMPLES / FRAMES_PER_SECOND;
    const { tokenizer } = this.#model;
    const { language = 'en' } = result;
    const whole = { tokens: result.tokens, at: 0, start: 0, end };
    return segmentWords([whole], { tokenizer, result, language }).flatMap(
      ({ words = [] }) => words,
    );
  }
}

/** The tokens of a reading that make its stable words; none if it does not begin with just them. */
function begunTokens(
  tokenizer: WhisperTokenizer,
  { reading: { tokens }, stable }: BegunText,
): readonly number[] {
  // A word has a few tokens at most: where the text has become as long, it ends.
  for (let length = 1; length <= tokens.length; length++) {
    const text = tokenizer.decode(tokens.slice(0, length)).trim();
    if (text === stable) return tokens.slice(0, length);
    if (text.length > stable.length) return [];
  }
  return [];
}
