import { ChorusError } from '../protocol/errors.js';
import { formatVoiceMix, parseVoiceMix } from '../protocol/voice-mix.js';
import type { ModelCard, VoiceCard } from './card.js';

const MAX_NAMED = 8;
/** What no plain name of a voice has. */
const MIX = /[+()]/;

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
 * Turns a client's voice name into a voice id: an id, another server's name, `default`, or, where
 * the model mixes voices, a mix of those such as `af_heart(2)+echo`.
 * @param language Chooses among the voices for `default`.
 * @throws ChorusError `voice_not_found`; `unsupported_language` for a voice that is there and speaks
 *   what the model cannot be read in; `invalid_value` for a mix that cannot be read.
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
  const own = card.voices.find((known) => known.id === voice);
  if (own !== undefined && !isReadable(card, own)) throw unreadable(card, own);
  if (own !== undefined) return voice;
  if (Object.hasOwn(card.voiceAliases, voice)) return card.voiceAliases[voice];
  if (voice !== 'default') return undefined;
  return (listVoices(card, language)[0] ?? listVoices(card)[0])?.id;
}

function unknownVoice(card: ModelCard, what: string): ChorusError {
  const offered = listVoices(card);
  const named = offered.slice(0, MAX_NAMED).map((known) => known.id);
  const others = offered.length - named.length;
  const list = `${named.join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
  const message = `The model ${card.id} ${what}; it has ${list || 'none'}.`;
  return new ChorusError('voice_not_found', message, { param: 'voice' });
}

function unreadable(card: ModelCard, { id, language }: VoiceCard): ChorusError {
  const message =
    `The voice ${id} speaks ${language}, which ${card.id} cannot be read in yet; ` +
    `it is read in ${card.languages.join(', ')}.`;
  return new ChorusError('unsupported_language', message, { param: 'voice' });
}
