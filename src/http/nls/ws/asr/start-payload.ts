import { z } from 'zod';
import { ChorusError } from '../../../../protocol/errors.js';
import { validate } from '../../../validate.js';

/** What sockets carry. */
const CONTAINERS = ['pcm', 'wav'] as const;
/** What the protocol names besides, and files may have. */
const COMPRESSED = new Set(['opus', 'opu', 'speex', 'amr', 'mp3', 'aac']);
const SAMPLE_RATES_HZ = new Set([8_000, 16_000]);
const DEFAULT_RATE_HZ = 16_000;
/** Alibaba's. */
const DEFAULT_SILENCE_MS = 800;

const bounds = {
  sampleRate: 'sample_rate must be 8000 or 16000.',
  format: 'format must be pcm or wav.',
  noise: 'speech_noise_threshold must be a number from -1 to 1.',
} as const;

const format = z
  .string(bounds.format)
  .toLowerCase()
  .refine((value) => isContainer(value), {
    error: ({ input }) =>
      COMPRESSED.has(String(input))
        ? `format ${String(input)} is compressed; sockets carry raw 16-bit mono samples: ${bounds.format}`
        : bounds.format,
  })
  .transform((value) => (isContainer(value) ? value : 'pcm'))
  .default('pcm');

/** Rates that are none are wrong parameters; others have a code of their own. */
const sampleRate = whole(bounds.sampleRate, 1, Number.MAX_SAFE_INTEGER).default(DEFAULT_RATE_HZ);

const name = (field: string) => {
  const bound = `${field} must be a string of at most 128 characters.`;
  return z.string(bound).max(128, bound).optional();
};

/** What is the same in tasks that hear. Defaults are FunSpeech's. */
const common = {
  format,
  sample_rate: sampleRate,
  enable_intermediate_result: truth('enable_intermediate_result').default(true),
  enable_punctuation_prediction: truth('enable_punctuation_prediction').default(true),
  enable_inverse_text_normalization: truth('enable_inverse_text_normalization').default(true),
  enable_words: truth('enable_words').default(false),
  disfluency: truth('disfluency').default(false),
  speech_noise_threshold: z
    .number(bounds.noise)
    .min(-1, bounds.noise)
    .max(1, bounds.noise)
    .optional(),
  customization_id: name('customization_id'),
  vocabulary_id: name('vocabulary_id'),
};

/** The payload of StartTranscription; unknown fields are dropped. */
const transcriptionSchema = z.object({
  ...common,
  max_sentence_silence: milliseconds('max_sentence_silence', 200, 2_000).default(
    DEFAULT_SILENCE_MS,
  ),
});

/** The payload of StartRecognition; unknown fields are dropped. */
const recognitionSchema = z.object({
  ...common,
  enable_voice_detection: truth('enable_voice_detection').default(false),
  max_start_silence: milliseconds('max_start_silence', 200, 60_000).optional(),
  max_end_silence: milliseconds('max_end_silence', 200, 6_000).default(DEFAULT_SILENCE_MS),
});

/** What a StartTranscription asks for. */
export type TranscriptionFields = z.output<typeof transcriptionSchema>;
/** What a StartRecognition asks for. */
export type RecognitionFields = z.output<typeof recognitionSchema>;
/** What both ask for. */
export type HearingFields = Omit<TranscriptionFields, 'max_sentence_silence'>;

type Payload = Readonly<Record<string, unknown>>;

/**
 * Reads the payload of a StartTranscription.
 * @throws ChorusError `invalid_value`, `unsupported_sample_rate`.
 */
export function transcriptionFields(payload: Payload): TranscriptionFields {
  return withRate(validate(transcriptionSchema, payload));
}

/** Reads the payload of a StartRecognition; throws as {@link transcriptionFields} does. */
export function recognitionFields(payload: Payload): RecognitionFields {
  return withRate(validate(recognitionSchema, payload));
}

function withRate<Fields extends { readonly sample_rate: number }>(fields: Fields): Fields {
  if (SAMPLE_RATES_HZ.has(fields.sample_rate)) return fields;
  throw new ChorusError('unsupported_sample_rate', bounds.sampleRate, { param: 'sample_rate' });
}

function isContainer(value: string): value is (typeof CONTAINERS)[number] {
  return CONTAINERS.some((one) => one === value);
}

/** Clients in scripting languages send texts for truths, too. */
function truth(field: string) {
  const bound = `${field} must be true or false.`;
  return z
    .union([z.boolean(), z.enum(['true', 'false', 'True', 'False'])], bound)
    .transform((value) => value === true || value === 'true' || value === 'True');
}

function milliseconds(field: string, least: number, most: number) {
  return whole(
    `${field} must be a whole number of milliseconds from ${least} to ${most}.`,
    least,
    most,
  );
}

function whole(bound: string, least: number, most: number) {
  const digits = z
    .string(bound)
    .regex(/^\d{1,9}$/, bound)
    .transform(Number);
  return z
    .union([z.number(bound), digits], bound)
    .pipe(z.number().int(bound).min(least, bound).max(most, bound));
}
