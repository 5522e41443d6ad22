import type { SynthesisRequest } from '../../protocol/requests.js';
import { cutPhonemes } from '../../speech/cut-phonemes.js';
import { splitSentences } from '../../speech/sentences.js';
import type { EngineResources, JobContext, SpeechEngine, SpeechModel } from '../engine.js';
import { speakSentences } from '../sentence-speech.js';
import { kokoroPhonemes, tokenIds } from './phonemes.js';
import { KOKORO_RATE_HZ, type KokoroStep } from './replica.js';
import { espeakVoiceOf, KokoroVoices } from './voices.js';

/** Silence between two sentences; the sentences' own ends are trimmed. */
const PAUSE_SECONDS = 0.25;
/** Above some 450 tokens Kokoro begins to rush. */
const MAX_TOKENS = 400;

/** Kokoro-82M: one graph, many voices. */
export const kokoroEngine: SpeechEngine<KokoroStep, Float32Array> = {
  name: 'kokoro',
  service: 'tts',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(_card, modelDir, resources) {
    return new KokoroModel(new KokoroVoices(modelDir), resources);
  },
};

class KokoroModel implements SpeechModel<KokoroStep, Float32Array> {
  readonly #voices: KokoroVoices;
  readonly #resources: EngineResources;

  constructor(voices: KokoroVoices, resources: EngineResources) {
    this.#voices = voices;
    this.#resources = resources;
  }

  synthesize(request: SynthesisRequest, context: JobContext<KokoroStep, Float32Array>) {
    return speakSentences<KokoroStep>({
      sampleRateHz: KOKORO_RATE_HZ,
      // The graph draws no random numbers.
      deterministic: true,
      resume: request.resume,
      characters: request.text.length,
      sentences: splitSentences(request.text),
      pauseSamples: PAUSE_SECONDS * KOKORO_RATE_HZ,
      prepare: (sentence) => this.#steps(sentence, request),
      run: (step) => context.step(step),
    });
  }

  async close(): Promise<void> {}

  async #steps(sentence: string, { voice, speed }: SynthesisRequest): Promise<KokoroStep[]> {
    const { phonemizer } = this.#resources;
    const phonemes = await kokoroPhonemes(sentence, espeakVoiceOf(voice), phonemizer);
    const pieces = cutPhonemes(phonemes, MAX_TOKENS).filter((piece) => /\p{L}/u.test(piece));
    return Promise.all(
      pieces.map(async (piece) => {
        const tokens = tokenIds(piece);
        return { tokens, style: await this.#voices.style(voice, tokens.length), speed };
      }),
    );
  }
}
