import type { ModelCard } from '../../models/card.js';
import type { SynthesisRequest } from '../../protocol/requests.js';
import { chineseWords } from '../../speech/chinese/kokoro-phonemes.js';
import { readScript } from '../../speech/script-reader.js';
import type { SpokenPiece } from '../../speech/script.js';
import { withinBounds } from '../../speech/ssml/values.js';
import type {
  EngineResources,
  JobContext,
  SpeechEngine,
  SpeechModel,
  WarmedBuckets,
} from '../engine.js';
import { runBuckets } from '../buckets.js';
import { runSpeech } from '../speech-run.js';
import type { Utterance } from '../utterance.js';
import { kokoroBuckets, type KokoroBuckets } from './buckets.js';
import { cutSymbols } from './cut.js';
import { KOKORO_LANGUAGES, languageOf } from './languages.js';
import { readPiece } from './read-piece.js';
import { KOKORO_RATE_HZ, type KokoroResult, type KokoroStep } from './replica.js';
import { KokoroUtterance } from './utterance.js';
import { KokoroVoices } from './voices.js';

/** Silence between two sentences; the sentences' own ends are trimmed. */
const PAUSE_SECONDS = 0.25;

/** A vowel. */
const WARM_UP_TOKEN = 43;

type Context = JobContext<KokoroStep, KokoroResult>;

/** Kokoro-82M: one graph, many voices. */
export const kokoroEngine: SpeechEngine<KokoroStep, KokoroResult> = {
  name: 'kokoro',
  service: 'tts',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir, resources) {
    // The readers' rules and dictionaries are made when they first read; no listener waits for that.
    for (const language of ['en', 'zh']) readScript('1', { language, speaks: [language] });
    chineseWords('好');
    const buckets = kokoroBuckets(card);
    return new KokoroModel({ card, buckets, voices: new KokoroVoices(modelDir), resources });
  },
};

interface KokoroModelOptions {
  readonly card: ModelCard;
  readonly buckets: KokoroBuckets;
  readonly voices: KokoroVoices;
  readonly resources: EngineResources;
}

class KokoroModel implements SpeechModel<KokoroStep, KokoroResult> {
  readonly #options: KokoroModelOptions;

  constructor(options: KokoroModelOptions) {
    this.#options = options;
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
      follows: request.follows,
      characters: text.length,
      pieces: readScript(text, { language, speaks, markup }),
      pauseSeconds: PAUSE_SECONDS,
      prepare: (piece, firstIndex) =>
        this.#utterances(piece, { request, context, isFirst: firstIndex === 0 }),
    });
  }

  async warmUp(context: Context): Promise<void> {
    const [voice] = this.#options.card.voices;
    if (!voice) return;
    const request = { model: '', voice: voice.id, text: '1, 2.', speed: 1 };
    for await (const event of this.synthesize(request, context)) void event;
  }

  /** Whatever the tokens say: what is spoken later has lengths near these, not these themselves. */
  async warmBuckets({ step }: Context): Promise<WarmedBuckets> {
    const { buckets, card, voices } = this.#options;
    const [voice] = card.voices;
    if (!voice) return {};
    await runBuckets('tokens', buckets.tokens, async (count) => {
      const style = await voices.style(voice.id, count);
      return step({ tokens: Array.from({ length: count }, () => WARM_UP_TOKEN), style, speed: 1 });
    });
    return { tokens: buckets.tokens };
  }

  async close(): Promise<void> {}

  async #utterances(
    piece: SpokenPiece,
    { request, context, isFirst }: UtteranceOptions,
  ): Promise<Utterance[]> {
    const { voices, resources } = this.#options;
    const { phonemizer } = resources;
    const { voice } = request;
    const { symbols, words } = await readPiece(piece, { phonemizer, voice });
    const speed = withinBounds(request.speed * piece.rate);
    const style = async (tokens: number) => voices.style(voice, tokens);
    return cutSymbols(symbols, isFirst, speed).map(
      (part) => new KokoroUtterance({ part, words, speed, style, context }),
    );
  }
}

interface UtteranceOptions {
  readonly request: SynthesisRequest;
  readonly context: Context;
  readonly isFirst: boolean;
}
