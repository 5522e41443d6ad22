import { ChorusError } from '../../protocol/errors.js';
import { parseVoiceMix } from '../../protocol/voice-mix.js';

/** Primary languages that Kokoro is read in. */
export const KOKORO_LANGUAGES = ['en', 'es', 'fr', 'hi', 'it', 'pt', 'zh'] as const;

/** First letter of a voice's name → what it speaks. Source: `LANG_CODES` of hexgrad/kokoro. */
const LANGUAGE_OF: Readonly<Record<string, string>> = {
  a: 'en',
  b: 'en',
  e: 'es',
  f: 'fr',
  h: 'hi',
  i: 'it',
  j: 'ja',
  p: 'pt',
  z: 'zh',
};
/** The espeak voices that Kokoro's training texts were read with; Chinese has a reader of its own. */
const ESPEAK_VOICES: Readonly<Record<string, string>> = {
  en: 'en-us',
  es: 'es',
  fr: 'fr-fr',
  hi: 'hi',
  it: 'it',
  pt: 'pt-br',
};
const BRITISH = 'b';

/**
 * Primary language of a text: what the client says, else what the voice speaks, of a mix the first.
 * @throws ChorusError `unsupported_language` where there is no reader for it.
 */
export function languageOf(voice: string, language?: string): string {
  const primary = language?.toLowerCase().split(/[-_]/)[0] ?? LANGUAGE_OF[firstOf(voice)[0] ?? ''];
  if (KOKORO_LANGUAGES.some((known) => known === primary)) return primary ?? '';
  const param = language === undefined ? 'voice' : 'language';
  const message =
    `${param === 'voice' ? `The voice ${firstOf(voice)} speaks` : 'The text is in'} ` +
    `${primary ?? 'a language'}, which Kokoro cannot read here; it reads ${KOKORO_LANGUAGES.join(', ')}.`;
  throw new ChorusError('unsupported_language', message, { param });
}

/** The espeak voice that reads a language to one of Kokoro's voices: British ones read English so. */
export function espeakVoiceOf(language: string, voice: string): string {
  if (language === 'en' && firstOf(voice).startsWith(BRITISH)) return 'en-gb';
  return ESPEAK_VOICES[language] ?? 'en-us';
}

function firstOf(voice: string): string {
  return parseVoiceMix(voice)[0]?.voice ?? voice;
}
