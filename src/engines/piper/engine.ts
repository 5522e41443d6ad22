import { type PiperCut, readCut } from '../../models/piper/cut-file.js';
import type { SynthesisRequest } from '../../protocol/requests.js';
import type { SpokenPiece } from '../../speech/script.js';
import { readScript } from '../../speech/script-reader.js';
import { withinBounds } from '../../speech/ssml/values.js';
import type {
  EngineResources,
  JobContext,
  SpeechEngine,
  SpeechModel,
  WarmedBuckets,
} from '../engine.js';
import { phonemizePiece } from '../piece-phonemes.js';
import { runSpeech } from '../speech-run.js';
import type { Utterance } from '../utterance.js';
import { MAX_PHONEMES, piperBuckets, textBuckets } from './buckets.js';
import { cutSymbols, isSpeakable, voiceIds, voiceSymbols } from './phoneme-ids.js';
import type { PiperResult, PiperStep } from './steps.js';
import { type UtteranceText, WindowedUtterance, wholeUtterance } from './utterances.js';
import { readVoiceConfig, type VoiceConfig } from './voice-config.js';
import { type VoiceBuckets, warmBuckets } from './warm-up.js';

/** Silence between two sentences. */
const PAUSE_SECONDS = 0.2;
/** Whatever the pace: less would cut words apart. */
const MIN_PHONEMES = 100;

/** Long enough for every kind of step. */
const WARM_UP_TEXT = 'One, two, three, four, five, six, seven, eight, nine, ten.';

type Context = JobContext<PiperStep, PiperResult>;

/** Piper voices: VITS graphs that speak espeak phonemes. */
export const piperEngine: SpeechEngine<PiperStep, PiperResult> = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir, resources) {
    const cut = await readCut(modelDir);
    const config = await readVoiceConfig(modelDir);
    const map = config.phoneme_id_map;
    const voice: VoiceBuckets =
      cut?.streaming === 'windows'
        ? { cut, map, buckets: piperBuckets(card, cut, map) }
        : { cut: undefined, map, buckets: textBuckets(card, map) };
    return new PiperModel({ config, cut, voice, resources });
  },
};

interface PiperModelOptions {
  readonly config: VoiceConfig;
  /** How its graph was cut, if it was. */
  readonly cut: PiperCut | undefined;
  /** What is run before anybody waits. */
  readonly voice: VoiceBuckets;
  readonly resources: EngineResources;
}

class PiperModel implements SpeechModel<PiperStep, PiperResult> {
  readonly #options: PiperModelOptions;

  constructor(options: PiperModelOptions) {
    this.#options = options;
  }

  synthesize(request: SynthesisRequest, context: Context) {
    const { config, cut } = this.#options;
    const language = primary(config.espeak.voice);
    const { text, markup, resume, follows } = request;
    return runSpeech({
      sampleRateHz: config.audio.sample_rate,
      // A graph that was not cut draws noise of its own for every run.
      deterministic: cut?.streaming === 'windows',
      resume,
      follows,
      characters: text.length,
      pieces: readScript(text, { language, speaks: [language], markup }),
      pauseSeconds: PAUSE_SECONDS,
      prepare: (piece, firstIndex) => this.#utterances(piece, { request, context, firstIndex }),
    });
  }

  async warmUp(context: Context): Promise<void> {
    const request = { model: '', voice: '', text: WARM_UP_TEXT, speed: 1 };
    for await (const event of this.synthesize(request, context)) void event;
  }

  warmBuckets(context: Context): Promise<WarmedBuckets> {
    return warmBuckets(this.#options.voice, context);
  }

  async close(): Promise<void> {}

  async #utterances(piece: SpokenPiece, of: PieceOf): Promise<Utterance[]> {
    const { config, resources } = this.#options;
    const { phoneme_id_map: map, speaker_id_map: speakers } = config;
    const { voice, speed, seed = 0 } = of.request;
    const { clauses, sources } = await phonemizePiece(piece, config.espeak.voice, resources);
    const pace = withinBounds(speed * piece.rate);
    const maxPhonemes = Math.max(MIN_PHONEMES, Math.round(MAX_PHONEMES * Math.min(1, pace)));
    const speakerId = speakers[voice];
    return cutSymbols(voiceSymbols(clauses), maxPhonemes)
      .filter((symbols) => isSpeakable(symbols, map))
      .map((symbols, index) => {
        const { ids, words } = voiceIds(symbols, map);
        const text = {
          phonemeIds: ids,
          lengthScale: 1 / pace,
          seed,
          utterance: of.firstIndex + index,
          ...(speakerId !== undefined && { speakerId }),
        };
        const sampleRateHz = config.audio.sample_rate;
        return this.#utterance({ text, words, sources, sampleRateHz }, of.context);
      });
  }

  #utterance(text: UtteranceText, context: Context): Utterance {
    const { cut } = this.#options;
    if (cut?.streaming !== 'windows') return wholeUtterance(text, context);
    return new WindowedUtterance(text, context, cut);
  }
}

/** Whose piece it is. */
interface PieceOf {
  readonly request: SynthesisRequest;
  readonly context: Context;
  readonly firstIndex: number;
}

/** `en-us` → `en`. */
function primary(language: string): string {
  return language.split('-')[0] ?? language;
}
