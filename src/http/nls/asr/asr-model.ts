import type { ModelCard } from '../../../models/card.js';
import { ChorusError } from '../../../protocol/errors.js';
import type { ModelNames } from '../../catalogue-port.js';

/** Ids that FunSpeech's clients send; all of them hear Chinese, and clients rely on that. */
const FUNSPEECH_MODELS: ReadonlySet<string> = new Set([
  'paraformer-large',
  'sensevoice-small',
  'dolphin-small',
  'qwen3-asr-flash',
]);
const THEIR_LANGUAGE = 'zh';

/**
 * Finds the model that a `customization_id` means: a configured model by id or alias; for an id of
 * FunSpeech's the first configured model that hears Chinese.
 * @param id Undefined = the default model.
 * @throws ChorusError `model_not_found` that names what there is, `wrong_task`.
 */
export function resolveNlsAsrModel(id: string | undefined, catalogue: ModelNames): ModelCard {
  if (id === undefined || id === '') return defaultModel(catalogue);
  try {
    return catalogue.resolveModel(id, 'asr');
  } catch (caught) {
    const { code, message } = ChorusError.from(caught);
    if (code === 'model_not_found' && FUNSPEECH_MODELS.has(id)) return hearsChinese(id, catalogue);
    throw new ChorusError(code, `customization_id: ${message}`, { param: 'customization_id' });
  }
}

function defaultModel(catalogue: ModelNames): ModelCard {
  const [card] = catalogue.configured('asr');
  if (card) return card;
  throw notFound('No model that hears is configured: name one in ASR_MODELS.');
}

function hearsChinese(id: string, catalogue: ModelNames): ModelCard {
  const hears = (card: ModelCard): boolean =>
    card.task === 'asr' && card.languages.includes(THEIR_LANGUAGE);
  const running = catalogue.configured('asr');
  const found = running.find(hears);
  if (found) return found;
  const known = catalogue.all().find((card) => card.id === id) ?? catalogue.all().find(hears);
  const advice = known ? `; ${known.id} does: add it to ASR_MODELS` : '';
  const names = running.map((card) => card.id).join(', ') || 'none';
  throw notFound(
    `customization_id: ${id} hears Chinese, and no configured model does${advice}. ` +
      `Configured: ${names}; without customization_id the first of them is used.`,
  );
}

function notFound(message: string): ChorusError {
  return new ChorusError('model_not_found', message, { param: 'customization_id' });
}
