import type { WindowedCut } from '../../models/piper/cut-file.js';
import type { TextSpan } from '../../speech/script.js';
import type { JobContext, StepPlace } from '../engine.js';
import type { AudioPart, BegunUtterance, Utterance } from '../utterance.js';
import { type Frames, sliceFrames } from './frames.js';
import type { Begun, PiperResult, PiperStep, PiperText, Section } from './steps.js';
import { cutTensors } from './tensors.js';
import { type FrameRange, widened, within } from '../../models/piper/frame-range.js';
import { openingOf, sectionsOf, windowsOf } from './windows.js';
import { wordTimes } from './word-times.js';

/** A phoneme id and its pad take about so long at the voice's own pace. */
const SECONDS_PER_ID = 0.035;

type Context = JobContext<PiperStep, PiperResult>;

/** Something to say, and which of its ids belong to which words. */
export interface UtteranceText {
  readonly text: PiperText;
  readonly words: readonly (number | undefined)[];
  /** Of each word its place in the request's text. */
  readonly sources: readonly TextSpan[];
  readonly sampleRateHz: number;
}

/** An utterance of a voice whose graph could not be cut: one step, and no word times. */
export function wholeUtterance({ text }: UtteranceText, context: Context): Utterance {
  return {
    expectedSeconds: expectedSecondsOf(text),
    async begin(place) {
      const samples = (await context.step({ ...text, kind: 'whole' }, place)) as Float32Array;
      return { words: [], parts: [ready(samples)] };
    },
  };
}

/** An utterance that is made window by window; any replica can make any window. */
export class WindowedUtterance implements Utterance {
  readonly expectedSeconds: number;
  readonly #options: UtteranceText;
  readonly #context: Context;
  readonly #cut: WindowedCut;

  constructor(options: UtteranceText, context: Context, cut: WindowedCut) {
    this.expectedSeconds = expectedSecondsOf(options.text);
    this.#options = options;
    this.#context = context;
    this.#cut = cut;
  }

  async begin(place: StepPlace): Promise<BegunUtterance> {
    const { text, words, sources } = this.#options;
    // The first utterance is always cut the same way, whoever goes on with it.
    const opens = text.utterance === 0;
    const begun = (await this.#context.step({ ...text, kind: 'begin', opens }, place)) as Begun;
    const { durations } = begun;
    const { hopSamples } = this.#cut;
    const { sampleRateHz } = this.#options;
    return {
      words: wordTimes({ durations, words, sources, hopSamples, sampleRateHz }),
      parts: this.#parts(begun),
    };
  }

  #parts(begun: Begun): AudioPart[] {
    const { frames, opening } = begun;
    const openedTo = opening ? openingOf(frames).to : 0;
    const sections = sectionsOf(frames).flatMap(({ from, to }) =>
      this.#section(begun, { from: Math.max(from, openedTo), to }),
    );
    return opening ? [ready(opening), ...sections] : sections;
  }

  /**
   * The windows of a section. Whichever is asked for first makes the latent of all of them, and its
   * own audio in the same step.
   */
  #section(begun: Begun, section: FrameRange): AudioPart[] {
    const range = widened(section, this.#cut.decoderContextFrames, begun.frames);
    let made: Promise<Section> | undefined;
    if (begun.latent) made = Promise.resolve({ latent: sliceFrames(begun.latent, range) });
    return windowsOf(section).map((window) => ({
      samples: (window.to - window.from) * this.#cut.hopSamples,
      run: async (place) => {
        const isFirst = made === undefined;
        made ??= this.#flow(begun, { range, window }, place);
        const { latent, audio } = await made;
        if (isFirst && audio) return audio;
        return this.#decode(begun, { window, latent, around: range }, place);
      },
    }));
  }

  async #flow(begun: Begun, due: DueSection, place: StepPlace): Promise<Section> {
    const { seed, utterance } = this.#options.text;
    const { flowInputs, flowContextFrames, decoderInputs, decoderContextFrames } = this.#cut;
    const around = widened(due.range, flowContextFrames, begun.frames);
    const inputs = cutTensors(begun.tensors, flowInputs, around);
    const aroundWindow = widened(due.window, decoderContextFrames, begun.frames);
    const window = {
      range: due.window,
      around: aroundWindow,
      inputs: cutTensors(begun.tensors, decoderInputs, aroundWindow),
    };
    const { range } = due;
    const step: PiperStep = { kind: 'flow', seed, utterance, range, around, inputs, window };
    return (await this.#context.step(step, place)) as Section;
  }

  async #decode(begun: Begun, part: WindowOfSection, place: StepPlace): Promise<Float32Array> {
    const around = widened(part.window, this.#cut.decoderContextFrames, begun.frames);
    const latent = sliceFrames(part.latent, within(around, part.around));
    const inputs = cutTensors(begun.tensors, this.#cut.decoderInputs, around);
    const range = within(part.window, around);
    return (await this.#context.step(
      { kind: 'decode', range, latent, inputs },
      place,
    )) as Float32Array;
  }
}

/** What is asked for when a section's latent is not there yet. */
interface DueSection {
  /** The section with the decoder's context. */
  readonly range: FrameRange;
  /** The window whose turn it is. */
  readonly window: FrameRange;
}

interface WindowOfSection {
  readonly window: FrameRange;
  /** The section's latent. */
  readonly latent: Frames;
  /** The frames that it has. */
  readonly around: FrameRange;
}

function ready(samples: Float32Array): AudioPart {
  return { samples: samples.length, run: async () => samples };
}

function expectedSecondsOf({ phonemeIds, lengthScale }: PiperText): number {
  return phonemeIds.length * SECONDS_PER_ID * lengthScale;
}
