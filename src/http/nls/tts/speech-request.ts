import { z } from 'zod';
import type { ModelCard } from '../../../models/card.js';
import { cleanText } from '../../../protocol/clean-text.js';
import { SPEECH_FORMATS, type SpeechFormat } from '../../../protocol/media.js';
import type { SynthesisRequest } from '../../../protocol/requests.js';
import { type LooseFields, withNumbers } from '../loose-fields.js';
import {
  formatField,
  pitchRateField,
  sampleRateField,
  soundFactors,
  speechRateField,
  validateNls,
  voiceField,
  volumeField,
} from '../speech-fields.js';
import { spokenText, textField } from '../../spoken-text.js';
import { resolveNlsVoice, type VoiceSources } from '../voice-names.js';

const MAX_TEXT = 1000;
const MAX_PROMPT = 500;
const DEFAULT_RATE_HZ = 16_000;
const NUMBERS = ['sample_rate', 'volume', 'speech_rate', 'pitch_rate'];

/** Fields of `/stream/v1/tts`; unknown ones are dropped. */
export const nlsSpeechSchema = z.object({
  text: textField('text', MAX_TEXT).refine(
    (value) => value.trim() !== '',
    'text must not be empty.',
  ),
  voice: voiceField.optional(),
  format: formatField(SPEECH_FORMATS).default('wav'),
  sample_rate: sampleRateField.default(DEFAULT_RATE_HZ),
  volume: volumeField.optional(),
  speech_rate: speechRateField.optional(),
  pitch_rate: pitchRateField.optional(),
  prompt: textField('prompt', MAX_PROMPT).optional(),
});

/** A request that is in order. */
export interface AskedSpeech {
  readonly request: SynthesisRequest;
  readonly format: SpeechFormat;
  readonly sampleRateHz: number;
  /** See `SpeechEncoding.pitch`. */
  readonly pitch: number | undefined;
  /** Fields that have no effect, for the model cannot do what they ask. */
  readonly ignored: readonly string[];
}

/**
 * Checks the fields of a request for speech.
 * @throws ChorusError that names the field at fault; those of {@link resolveNlsVoice}; `invalid_ssml`.
 */
export function readNlsSpeech(given: LooseFields, sources: VoiceSources): AskedSpeech {
  const fields = validateNls(nlsSpeechSchema, withNumbers(given, NUMBERS));
  const { card, voice } = resolveNlsVoice(fields.voice, sources);
  const { speed, gain, pitch } = soundFactors(fields);
  const instructions = fields.prompt?.trim() || undefined;
  const request: SynthesisRequest = {
    ...{ model: card.id, voice, speed, ...spokenText(cleanText(fields.text).trim()) },
    ...(gain !== undefined && { gain }),
    ...(obeys(card) && instructions !== undefined && { instructions }),
  };
  const ignored = instructions !== undefined && !obeys(card) ? ['prompt'] : [];
  return { request, format: fields.format, sampleRateHz: fields.sample_rate, pitch, ignored };
}

function obeys(card: ModelCard): boolean {
  return card.capabilities.includes('instructions');
}
