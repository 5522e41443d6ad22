import type { ModelCard } from '../models/card.js';
import { ChorusError } from '../protocol/errors.js';
import type { ModelNames } from './catalogue-port.js';

const MAX_LISTED = 12;

/** Refuses a language that a recognition model has not, and names a model that has it. */
export function checkLanguage(language: string, card: ModelCard, catalogue: ModelNames): void {
  if (card.languages.includes(language)) return;
  const message = `The model ${card.id} has not the language ${language}; ${advice(language, card, catalogue)}.`;
  throw new ChorusError('unsupported_language', message, { param: 'language' });
}

function advice(language: string, card: ModelCard, catalogue: ModelNames): string {
  const hears = (one: ModelCard) => one.task === 'asr' && one.languages.includes(language);
  const running = catalogue.configured('asr').find(hears);
  if (running !== undefined) return `use the model ${running.id}`;
  const known = catalogue.all().find(hears);
  if (known !== undefined) return `the model ${known.id} has it: add it to ASR_MODELS`;
  const listed = card.languages.slice(0, MAX_LISTED).join(', ');
  return `it has ${listed}${card.languages.length > MAX_LISTED ? ' and others' : ''}`;
}
