import { ChorusError } from '../protocol/errors.js';
import type { ModelCard, VoiceCard } from './card.js';

const MAX_NAMED = 8;

function primary(language: string): string {
  return language.toLowerCase().split(/[-_]/)[0] ?? '';
}

/** Lists a model's voices, or those that speak a language; `en` finds `en-US` too. */
export function listVoices(card: ModelCard, language?: string): readonly VoiceCard[] {
  if (language === undefined) return card.voices;
  const wanted = primary(language);
  return card.voices.filter((voice) => primary(voice.language) === wanted);
}

/**
 * Turns a client's voice name into a voice id: an id, another server's name, or `default`.
 * @param language Chooses among the voices for `default`.
 * @throws ChorusError `voice_not_found`.
 */
export function resolveVoice(card: ModelCard, voice: string, language?: string): string {
  if (card.voices.some((known) => known.id === voice)) return voice;
  if (Object.hasOwn(card.voiceAliases, voice)) return card.voiceAliases[voice] ?? voice;
  const first = listVoices(card, language)[0] ?? card.voices[0];
  if (voice === 'default' && first !== undefined) return first.id;
  const named = card.voices.slice(0, MAX_NAMED).map((known) => known.id);
  const others = card.voices.length - named.length;
  const list = `${named.join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
  const message = `The model ${card.id} has no voice of that name; it has ${list || 'none'}.`;
  throw new ChorusError('voice_not_found', message, { param: 'voice' });
}
