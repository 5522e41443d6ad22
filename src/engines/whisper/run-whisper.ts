import { setMaxListeners } from 'node:events';

import type { DuePlace, JobContext } from '../engine.js';
import type {
  SpeechResult,
  SpeechStep,
  WhisperResult,
  WhisperStep,
  WindowResult,
  WindowStep,
} from './steps.js';

/**
 * When a file's steps are due. The first is waited for in silence. The others go in the order in which
 * they come: nobody plays them, and what is late in a long file must not wait for all that is younger.
 */
export const FILE_PLACES = {
  first: { afterSeconds: 0 },
  later: { dueInMs: 0 },
} as const satisfies Record<string, DuePlace>;

/** A request's context where each kind of step has its own kind of result. */
export class RunWhisper {
  readonly #context: JobContext<WhisperStep, WhisperResult>;

  constructor(context: JobContext<WhisperStep, WhisperResult>) {
    this.#context = context;
    // Each window that is at work listens to it.
    setMaxListeners(0, context.signal);
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /** @param step Or what makes it when its turn has come. */
  async writeWindow(step: WindowStep | (() => WindowStep), place: DuePlace): Promise<WindowResult> {
    const result = await this.#context.step(step, place);
    if (result.type !== 'window') throw new Error('A window was answered with something else.');
    return result;
  }

  async findSpeech(step: SpeechStep, place: DuePlace): Promise<SpeechResult> {
    const result = await this.#context.step(step, place);
    if (result.type !== 'speech') throw new Error('A search was answered with something else.');
    return result;
  }
}
