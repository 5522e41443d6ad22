import type { SynthesisRequest } from '../../protocol/requests.js';
import { cutPhonemes } from '../../speech/cut-phonemes.js';
import { splitSentences } from '../../speech/sentences.js';
import type { EngineResources, JobContext, SpeechEngine, SpeechModel } from '../engine.js';
import { speakSentences } from '../sentence-speech.js';
import { isSpeakable, phonemeIds, piperPhonemes } from './phoneme-ids.js';
import type { PiperStep } from './replica.js';
import { readVoiceConfig, type VoiceConfig } from './voice-config.js';

/** Silence between two sentences. */
const PAUSE_SECONDS = 0.2;
/** Bounds one step: some 30 s of speech, more than an ordinary sentence. */
const MAX_PHONEMES = 400;

/** Piper voices: VITS graphs that speak espeak phonemes. */
export const piperEngine: SpeechEngine<PiperStep, Float32Array> = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(_card, modelDir, resources) {
    return new PiperModel(await readVoiceConfig(modelDir), resources);
  },
};

class PiperModel implements SpeechModel<PiperStep, Float32Array> {
  readonly #config: VoiceConfig;
  readonly #resources: EngineResources;

  constructor(config: VoiceConfig, resources: EngineResources) {
    this.#config = config;
    this.#resources = resources;
  }

  synthesize(request: SynthesisRequest, context: JobContext<PiperStep, Float32Array>) {
    const sampleRateHz = this.#config.audio.sample_rate;
    return speakSentences<PiperStep>({
      sampleRateHz,
      // The graph draws noise of its own for every run.
      deterministic: false,
      resume: request.resume,
      characters: request.text.length,
      sentences: splitSentences(request.text),
      prepare: (sentence) => this.#steps(sentence, request),
      run: (step) => context.step(step),
      pauseSamples: Math.round(PAUSE_SECONDS * sampleRateHz),
    });
  }

  async close(): Promise<void> {}

  async #steps(sentence: string, request: SynthesisRequest): Promise<PiperStep[]> {
    const { espeak, phoneme_id_map: map } = this.#config;
    const clauses = await this.#resources.phonemizer.phonemize(sentence, espeak.voice);
    const speakerId = this.#config.speaker_id_map[request.voice];
    return cutPhonemes(piperPhonemes(clauses), MAX_PHONEMES)
      .filter((piece) => isSpeakable(piece, map))
      .map((piece) => ({
        phonemeIds: phonemeIds(piece, map),
        lengthScale: 1 / request.speed,
        ...(speakerId !== undefined && { speakerId }),
      }));
  }
}
