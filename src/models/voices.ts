import { ChorusError } from '../protocol/errors.js';
import type { ModelCard, VoiceCard } from './card.js';

const MAX_NAMED = 8;

function primary(language: string): string {
  return language.toLowerCase().split(/[-_]/)[0] ?? '';
}

/**
 * Lists a model's voices, or those that speak a language; `en` finds `en-US` too. Voices of a
 * language that the model cannot be read in are pulled with it and not offered.
 */
export function listVoices(card: ModelCard, language?: string): readonly VoiceCard[] {
  const offered = card.voices.filter((voice) => isReadable(card, voice));
  if (language === undefined) return offered;
  const wanted = primary(language);
  return offered.filter((voice) => primary(voice.language) === wanted);
}

function isReadable(card: ModelCard, voice: VoiceCard): boolean {
  return card.languages.includes(primary(voice.language));
}

/**
 * Turns a client's voice name into a voice id: an id, another server's name, or `default`.
 * @param language Chooses among the voices for `default`.
 * @throws ChorusError `voice_not_found`, or `unsupported_language` for a voice that is there and
 *   speaks what the model cannot be read in.
 */
export function resolveVoice(card: ModelCard, voice: string, language?: string): string {
  const own = card.voices.find((known) => known.id === voice);
  if (own !== undefined && !isReadable(card, own)) throw unreadable(card, own);
  if (own !== undefined) return voice;
  if (Object.hasOwn(card.voiceAliases, voice)) return card.voiceAliases[voice] ?? voice;
  const offered = listVoices(card);
  const first = listVoices(card, language)[0] ?? offered[0];
  if (voice === 'default' && first !== undefined) return first.id;
  const named = offered.slice(0, MAX_NAMED).map((known) => known.id);
  const others = offered.length - named.length;
  const list = `${named.join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
  const message = `The model ${card.id} has no voice of that name; it has ${list || 'none'}.`;
  throw new ChorusError('voice_not_found', message, { param: 'voice' });
}

function unreadable(card: ModelCard, { id, language }: VoiceCard): ChorusError {
  const message =
    `The voice ${id} speaks ${language}, which ${card.id} cannot be read in yet; ` +
    `it is read in ${card.languages.join(', ')}.`;
  return new ChorusError('unsupported_language', message, { param: 'voice' });
}
