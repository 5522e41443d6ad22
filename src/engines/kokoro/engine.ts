import type { SynthesisRequest } from '../../protocol/requests.js';
import { chineseWords } from '../../speech/chinese/kokoro-phonemes.js';
import { readScript } from '../../speech/script-reader.js';
import type { SpokenPiece } from '../../speech/script.js';
import type { EngineResources, JobContext, SpeechEngine, SpeechModel } from '../engine.js';
import { runSpeech } from '../speech-run.js';
import type { Utterance } from '../utterance.js';
import { cutSymbols } from './cut.js';
import { KOKORO_LANGUAGES, languageOf } from './languages.js';
import { readPiece } from './read-piece.js';
import { KOKORO_RATE_HZ, type KokoroResult, type KokoroStep } from './replica.js';
import { KokoroUtterance } from './utterance.js';
import { KokoroVoices } from './voices.js';

/** Silence between two sentences; the sentences' own ends are trimmed. */
const PAUSE_SECONDS = 0.25;

type Context = JobContext<KokoroStep, KokoroResult>;

/** Kokoro-82M: one graph, many voices. */
export const kokoroEngine: SpeechEngine<KokoroStep, KokoroResult> = {
  name: 'kokoro',
  service: 'tts',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(_card, modelDir, resources) {
    // The readers' rules and dictionaries are made when they first read; no listener waits for that.
    for (const language of ['en', 'zh']) readScript('1', { language, speaks: [language] });
    chineseWords('好');
    return new KokoroModel(new KokoroVoices(modelDir), resources);
  },
};

class KokoroModel implements SpeechModel<KokoroStep, KokoroResult> {
  readonly #voices: KokoroVoices;
  readonly #resources: EngineResources;

  constructor(voices: KokoroVoices, resources: EngineResources) {
    this.#voices = voices;
    this.#resources = resources;
  }

  async *synthesize(request: SynthesisRequest, context: Context) {
    const { text, voice, markup } = request;
    const language = languageOf(voice, request.language);
    // Every voice has a sound for every symbol: a foreign word is said with the voice's own accent.
    const speaks = [language, ...KOKORO_LANGUAGES.filter((other) => other !== language)];
    yield* runSpeech({
      sampleRateHz: KOKORO_RATE_HZ,
      // The graph draws no random numbers.
      deterministic: true,
      resume: request.resume,
      characters: text.length,
      pieces: readScript(text, { language, speaks, markup }),
      pauseSeconds: PAUSE_SECONDS,
      prepare: (piece, firstIndex) =>
        this.#utterances(piece, { request, context, isFirst: firstIndex === 0 }),
    });
  }

  async close(): Promise<void> {}

  async #utterances(
    piece: SpokenPiece,
    { request, context, isFirst }: UtteranceOptions,
  ): Promise<Utterance[]> {
    const { phonemizer } = this.#resources;
    const { voice } = request;
    const { symbols, words } = await readPiece(piece, { phonemizer, voice });
    const speed = request.speed * piece.rate;
    const style = async (tokens: number) => this.#voices.style(voice, tokens);
    return cutSymbols(symbols, isFirst).map(
      (part) => new KokoroUtterance({ part, words, speed, style, context }),
    );
  }
}

interface UtteranceOptions {
  readonly request: SynthesisRequest;
  readonly context: Context;
  readonly isFirst: boolean;
}
