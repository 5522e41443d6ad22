import type { ModelCard } from '../../../models/card.js';
import type { LiveRequest } from '../../../protocol/live.js';
import type { SpeechSegmentation } from '../../../protocol/requests.js';
import type { ModelNames } from '../../catalogue-port.js';
import { checkLanguage } from '../../languages.js';
import { ChorusError } from '../../../protocol/errors.js';
import { type AudioFormat, DEFAULT_FORMAT } from './audio-format.js';
import type { SessionChange } from './session-schema.js';

/** What OpenAI's API takes where a client says nothing. */
export const SERVER_VAD: SpeechSegmentation = {
  threshold: 0.5,
  prefixPaddingMs: 300,
  silenceDurationMs: 500,
};

/** How a session's speech is to be heard. */
export interface SessionConfig {
  readonly format: AudioFormat;
  /** The model's name as the client has it, and what it means. */
  readonly modelName: string;
  readonly card: ModelCard;
  /** ISO 639-1. */
  readonly language?: string | undefined;
  readonly prompt?: string | undefined;
  /** Null = the client ends turns himself. */
  readonly turnDetection: SpeechSegmentation | null;
  readonly logprobs: boolean;
}

/**
 * The configuration of a session that has just been opened.
 * @throws ChorusError `model_not_found`, `wrong_task`.
 */
export function openingConfig(catalogue: ModelNames, modelName?: string): SessionConfig {
  const card =
    modelName === undefined ? defaultCard(catalogue) : catalogue.resolveModel(modelName, 'asr');
  return {
    format: DEFAULT_FORMAT,
    modelName: modelName ?? card.id,
    card,
    turnDetection: SERVER_VAD,
    logprobs: false,
  };
}

/**
 * The configuration after an update; what it does not name stays.
 * @throws ChorusError `model_not_found`, `wrong_task`, `unsupported_language`.
 */
export function changedConfig(
  config: SessionConfig,
  change: SessionChange,
  catalogue: ModelNames,
): SessionConfig {
  const { model, ...rest } = change;
  const named =
    model === undefined ? {} : { modelName: model, card: catalogue.resolveModel(model, 'asr') };
  const changed = { ...config, ...rest, ...named };
  if (changed.language !== undefined) checkLanguage(changed.language, changed.card, catalogue);
  return changed;
}

/** What a worker is asked for. */
export function liveRequestOf(config: SessionConfig): LiveRequest {
  const { card, format, language, prompt, turnDetection, logprobs } = config;
  return {
    model: card.id,
    sampleRateHz: format.rateHz,
    ...(language !== undefined && { language }),
    ...(prompt !== undefined && prompt !== '' && { prompt }),
    ...(turnDetection ? { segmentation: turnDetection } : { turns: 'manual' as const }),
    ...(logprobs && { logprobs }),
  };
}

function defaultCard(catalogue: ModelNames): ModelCard {
  const [card] = catalogue.configured('asr');
  if (card) return card;
  const message = 'No model that transcribes is configured: name one in ASR_MODELS.';
  throw new ChorusError('model_not_found', message, { param: 'model' });
}
