import { z } from 'zod';
import { codePoints } from '../validate.js';

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
  .regex(/^\d*\.?\d+$/, temperatureBound)
  .transform(Number)
  .refine((value) => value <= 1, temperatureBound);

const granularities = z.array(
  z.literal('segment', {
    error: ({ input }) =>
      input === 'word'
        ? 'timestamp_granularities word is not available yet; available: segment.'
        : 'timestamp_granularities must be segment.',
  }),
);

/** Text fields of `POST /v1/audio/transcriptions`; unknown ones are dropped. */
export const transcriptionSchema = z.object({
  model: z.string().max(256, 'model must have at most 256 characters.'),
  language: z
    .string()
    .toLowerCase()
    .regex(/^[a-z]{2,3}$/, 'language must be an ISO 639-1 code such as en.')
    .optional(),
  prompt: z
    .string()
    .refine(
      (value) => codePoints(value) <= MAX_PROMPT,
      `prompt must have at most ${MAX_PROMPT} characters.`,
    )
    .optional(),
  response_format: format.default('json'),
  temperature: temperature.default(0),
  timestamp_granularities: granularities.default(['segment']),
});

/** Fields that hold a list. */
const LISTS = new Set(['timestamp_granularities']);

/**
 * Turns a form's texts into fields: `name[]` and `name` mean the same, empty texts mean absent (a
 * form sends every input that it has), and of repeated single values the last one counts.
 */
export function formFields(
  texts: ReadonlyMap<string, readonly string[]>,
): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [key, values] of texts) {
    const name = key.replace(/\[\d*\]$/, '');
    const filled = values.filter((value) => value !== '');
    const last = filled.at(-1);
    if (last === undefined) continue;
    if (!LISTS.has(name)) fields.set(name, last);
    else fields.set(name, [...((fields.get(name) as string[] | undefined) ?? []), ...filled]);
  }
  return Object.fromEntries(fields);
}
