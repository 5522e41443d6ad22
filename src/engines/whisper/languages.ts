import { ChorusError } from '../../protocol/errors.js';
import type { OpenWhisper } from './open-whisper.js';

/** @throws ChorusError `unsupported_language` if a model does not know the language asked for. */
export function checkLanguage({ card, info }: OpenWhisper, language: string | undefined): void {
  if (language === undefined) return;
  const known = info.multilingual
    ? Object.hasOwn(info.tokens.languages, language)
    : language === 'en';
  if (known) return;
  const message = `The model ${card.id} does not know the language ${language}.`;
  throw new ChorusError('unsupported_language', message, { param: 'language' });
}

/** The language to name while none was heard; an English-only model hears no other. */
export function fallbackLanguage({ card, info }: OpenWhisper): string {
  return info.multilingual ? (card.languages[0] ?? 'en') : 'en';
}
