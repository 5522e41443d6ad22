import type { ModelCard } from '../../models/card.js';
import { ChorusError } from '../../protocol/errors.js';
import type { TranscriptionRequest } from '../../protocol/requests.js';

/**
 * Refuses what these models cannot do: they write down what is said, in the languages of their card.
 * @throws ChorusError `unsupported_language` or `not_implemented`.
 */
export function checkRequest(
  { id, languages }: ModelCard,
  { language, task }: Pick<TranscriptionRequest, 'language' | 'task'>,
): void {
  if (task === 'translate') {
    const message = `The model ${id} does not translate; it writes down what is said.`;
    throw new ChorusError('not_implemented', message, { param: 'model' });
  }
  if (language === undefined || languages.includes(language)) return;
  const message = `The model ${id} does not know the language ${language}; it knows ${languages.join(', ')}.`;
  throw new ChorusError('unsupported_language', message, { param: 'language' });
}
