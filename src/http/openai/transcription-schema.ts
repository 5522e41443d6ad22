import { z } from 'zod';
import { codePoints, PLAIN_NUMBER } from '../validate.js';
import { chunkingStrategy } from './transcription-chunking.js';

/** The bodies that a transcript can be answered in. */
export const TRANSCRIPT_FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt'] as const;

/** One of {@link TRANSCRIPT_FORMATS}. */
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

const MAX_PROMPT = 4096;

const formats = TRANSCRIPT_FORMATS.join(', ');
const format = z.enum(TRANSCRIPT_FORMATS, {
  error: ({ input }) =>
    input === 'diarized_json'
      ? `response_format diarized_json is not available yet; available: ${formats}.`
      : `response_format must be one of ${formats}.`,
});

const temperatureBound = 'temperature must be a number from 0 to 1.';
const temperature = z
  .string()
  .regex(PLAIN_NUMBER, temperatureBound)
  .transform(Number)
  .refine((value) => value <= 1, temperatureBound)
  .describe('0–1; above 0 the model may guess differently each time.');

const language = z
  .string()
  .toLowerCase()
  .regex(/^[a-z]{2,3}$/, 'language must be an ISO 639-1 code such as en.')
  .describe('Language that is spoken, such as `en`; found out unless set.');

const prompt = z
  .string()
  .refine(
    (value) => codePoints(value) <= MAX_PROMPT,
    `prompt must have at most ${MAX_PROMPT} characters.`,
  )
  .meta({ maxLength: MAX_PROMPT, description: 'What was said before, or names that occur.' });

const granularities = z.array(
  z.enum(['word', 'segment'], 'timestamp_granularities must be word, segment, or both.'),
);
const include = z.array(z.literal('logprobs', 'include must be logprobs.'));

const beamSize = z
  .string()
  .regex(/^[1-5]$/, 'beam_size must be a whole number from 1 to 5.')
  .transform(Number)
  .describe('Readings that are followed at once; 1 unless set.');

/** Clients write their language's own words for it: Python's `True` among them. */
function truth(name: string) {
  return z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false', '1', '0'], `${name} must be true or false.`))
    .transform((value) => value === 'true' || value === '1')
    .meta({ enum: ['true', 'false', '1', '0'] });
}

/**
 * Text fields of `POST /v1/audio/translations`; unknown ones are dropped. `language` is the one that
 * is spoken.
 */
export const translationSchema = z.object({
  model: z
    .string()
    .max(256, 'model must have at most 256 characters.')
    .describe('Id of a model that listens, or an alias such as `whisper-1`.'),
  language: language.optional(),
  prompt: prompt.optional(),
  response_format: format.default('json').describe('What the transcript comes as.'),
  temperature: temperature.default(0),
  chunking_strategy: chunkingStrategy.optional(),
  beam_size: beamSize.optional(),
  condition_on_previous_text: truth('condition_on_previous_text')
    .optional()
    .describe('Whether each window is told what was heard in the one before.'),
});

/** Text fields of `POST /v1/audio/transcriptions`; unknown ones are dropped. */
export const transcriptionSchema = translationSchema
  .extend({
    timestamp_granularities: granularities
      .default(['segment'])
      .describe('Times in `verbose_json`; also written `timestamp_granularities[]`.'),
    include: include
      .default([])
      .describe('How sure the model was, in `json`; also written `include[]`.'),
    stream: truth('stream').default(false).describe('Server-sent events, as it is heard.'),
  })
  .refine(
    ({ timestamp_granularities: asked, response_format: format }) => {
      return format === 'verbose_json' || !asked.includes('word');
    },
    needs(
      'timestamp_granularities',
      'timestamp_granularities word needs response_format verbose_json.',
    ),
  )
  .refine(
    ({ include, response_format: format }) => {
      return format === 'json' || include.length === 0;
    },
    needs('include', 'include logprobs needs response_format json.'),
  )
  .refine(
    ({ stream, response_format: format }) => {
      return !stream || format === 'json' || format === 'text';
    },
    needs('stream', 'stream needs response_format json or text.'),
  );

function needs(field: string, error: string) {
  return { path: [field], error };
}

/** Fields of a translation, checked. */
export type TranslationFields = z.output<typeof translationSchema>;
