import { ChorusError } from '../protocol/errors.js';
import { formatVoiceMix, parseVoiceMix } from '../protocol/voice-mix.js';
import type { ModelCard, VoiceCard } from './card.js';

const MAX_NAMED = 8;
/** What no plain name of a voice has. */
const MIX = /[+()]/;

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
 * Turns a client's voice name into a voice id: an id, another server's name, `default`, or, where
 * the model mixes voices, a mix of those such as `af_heart(2)+echo`.
 * @param language Chooses among the voices for `default`.
 * @throws ChorusError `voice_not_found`; `invalid_value` for a mix that cannot be read.
 */
export function resolveVoice(card: ModelCard, voice: string, language?: string): string {
  const plain = findVoice(card, voice, language);
  if (plain !== undefined) return plain;
  if (!MIX.test(voice)) throw unknownVoice(card, 'has no voice of that name');
  if (!card.capabilities.includes('voice-mixing')) throw unknownVoice(card, 'mixes no voices');
  const shares = parseVoiceMix(voice).map(({ voice: part, weight }) => {
    const id = findVoice(card, part, language);
    if (id === undefined) throw unknownVoice(card, `has no voice "${part}"`);
    return { voice: id, weight };
  });
  return formatVoiceMix(shares);
}

function findVoice(card: ModelCard, voice: string, language?: string): string | undefined {
  if (card.voices.some((known) => known.id === voice)) return voice;
  if (Object.hasOwn(card.voiceAliases, voice)) return card.voiceAliases[voice];
  if (voice !== 'default') return undefined;
  return (listVoices(card, language)[0] ?? card.voices[0])?.id;
}

function unknownVoice(card: ModelCard, what: string): ChorusError {
  const named = card.voices.slice(0, MAX_NAMED).map((known) => known.id);
  const others = card.voices.length - named.length;
  const list = `${named.join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
  const message = `The model ${card.id} ${what}; it has ${list || 'none'}.`;
  return new ChorusError('voice_not_found', message, { param: 'voice' });
}
