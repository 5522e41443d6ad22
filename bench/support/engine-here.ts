import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { ENGINES } from '../../src/worker/engines.js';
import { HostedModel } from '../../src/worker/hosted-model.js';
import { asAsked } from '../../src/worker/speech-samples.js';
import { noWork } from '../../src/worker/step-work.js';

/** Which voice is opened, and how. */
export interface EngineHereOptions {
  readonly modelsDir: string;
  readonly model: string;
  /** Threads of its one replica. */
  readonly threads: number;
}

/**
 * A voice in this very process, as a worker has it: the engine on the main thread, one replica and
 * the phonemizer in threads of their own, the scheduler between them. No door, no router, no frames.
 */
export class EngineHere {
  readonly #model: HostedModel;
  readonly #phonemizer: Phonemizer;

  private constructor(model: HostedModel, phonemizer: Phonemizer) {
    this.#model = model;
    this.#phonemizer = phonemizer;
  }

  /**
   * Loads the voice.
   * @throws ChorusError `model_failed` with what is wrong and where.
   */
  static async open({ modelsDir, model: id, threads }: EngineHereOptions): Promise<EngineHere> {
    const phonemizer = await createPhonemizer();
    const dir = join(modelsDir, id);
    try {
      const model = await HostedModel.load(
        { id, service: 'tts', dir, replicas: 1, threads },
        {
          engines: ENGINES,
          resources: Promise.resolve({ phonemizer }),
          target: { kind: 'cpu' },
        },
      );
      return new EngineHere(model, phonemizer);
    } catch (caught) {
      await phonemizer.close();
      throw caught;
    }
  }

  /** Speaks at the voice's own pace; the audio is signed 16-bit samples, as a WAV answer wants it. */
  speak({ text, voice }: Pick<SynthesisRequest, 'text' | 'voice'>): AsyncGenerator<SpeechEvent> {
    const { id } = this.#model;
    const request: SynthesisRequest = { model: id, text, voice, speed: 1, s16RateHz: 'any' };
    const { signal } = new AbortController();
    const call = { id: randomUUID(), signal, steps: new Set<Promise<unknown>>(), work: noWork() };
    return asAsked(request, this.#model.synthesize(request, call));
  }

  /** Releases the weights and ends the threads. */
  async close(): Promise<void> {
    await this.#model.close();
    await this.#phonemizer.close();
  }
}
