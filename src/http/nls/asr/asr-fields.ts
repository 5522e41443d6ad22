import { z } from 'zod';
import { type LooseFields, withNumbers } from '../loose-fields.js';
import { sampleRateField, validateNls } from '../speech-fields.js';

/** FunSpeech's and Alibaba's; the bytes decide what a file really is. */
const FORMATS = [
  ...['pcm', 'wav', 'mp3', 'opus', 'opu', 'ogg'],
  ...['flac', 'aac', 'm4a', 'amr', 'speex', 'webm'],
];
const MAX_ID = 128;
/** Signed addresses of object stores are long. */
const MAX_ADDRESS = 2048;

const formatBound = `format must be one of ${FORMATS.join(', ')}.`;

function name(field: string, max: number) {
  const bound = `${field} must have at most ${max} characters.`;
  return z.string(bound).max(max, bound).optional();
}

/** A switch that is off unless it is asked for, as FunSpeech has it. */
function flag(field: string) {
  const bound = `${field} must be true, false, 1 or 0.`;
  return z
    .string(bound)
    .toLowerCase()
    .pipe(z.enum(['true', 'false', '1', '0'], bound))
    .transform((value) => value === 'true' || value === '1')
    .meta({ enum: ['true', 'false', '1', '0'] })
    .default(false);
}

/** The query of `POST /stream/v1/asr`; unknown fields are dropped. */
export const asrSchema = z.object({
  format: z
    .string(formatBound)
    .toLowerCase()
    .refine((value) => FORMATS.includes(value), formatBound)
    .meta({ enum: FORMATS })
    .default('pcm'),
  sample_rate: sampleRateField.default(16_000),
  enable_punctuation_prediction: flag('enable_punctuation_prediction'),
  enable_inverse_text_normalization: flag('enable_inverse_text_normalization'),
  enable_voice_detection: flag('enable_voice_detection'),
  disfluency: flag('disfluency'),
  vocabulary_id: name('vocabulary_id', MAX_ID),
  customization_id: name('customization_id', MAX_ID),
  audio_address: name('audio_address', MAX_ADDRESS),
});

/** What a client asks of a recognition. */
export type AsrFields = z.output<typeof asrSchema>;

/**
 * Checks the query of a recognition.
 * @throws ChorusError `invalid_value` that names the field; `unsupported_sample_rate`.
 */
export function readAsrFields(query: LooseFields): AsrFields {
  return validateNls(asrSchema, withNumbers(query, ['sample_rate']));
}
