import { z } from 'zod';
import { cleanText } from '../../protocol/clean-text.js';
import { ChorusError } from '../../protocol/errors.js';
import { NAME_BOUND, PROMPT_BOUND, promptText, voiceName } from '../../voices/voice-words.js';
import { codePoints, validate } from '../validate.js';

/** CosyVoice's ways to speak: two clone a recording, one obeys too, one has preset voices. */
export const TTS_MODES = ['zero_shot', 'cross_lingual', 'instruct2', 'sft'] as const;

/** One of {@link TTS_MODES}. */
export type TtsMode = (typeof TTS_MODES)[number];

const MAX_TEXT = 5000;
const MAX_INSTRUCTION = 4096;
const MAX_SPEAKER_ID = 256;
const MAX_SEED = 2 ** 32 - 1;

/** A clean text of so many characters. */
function text(field: string, max: number) {
  const bound = `${field} must have 1 to ${max} characters.`;
  return z
    .string(`${field} must be a string.`)
    .refine((value) => value.length <= max || codePoints(value) <= max, bound)
    .transform(cleanText)
    .meta({ maxLength: max });
}

const audio = z
  .string('prompt_audio must be a string.')
  .describe('A recording (wav, mp3, …) of at most 10 MiB, in base64.');
const seedBound = `seed must be a whole number from 0 to ${MAX_SEED}.`;
const speedBound = 'speed must be a number from 0.5 to 2.0.';
const language = z
  .string('language must be a string.')
  .regex(/^[A-Za-z0-9_-]{1,35}$/, 'language must be a language tag such as zh or en-US.');

/** Fields of `POST /speakers`; unknown ones are dropped. */
export const speakerSchema = z.object({
  speaker_id: z
    .string('speaker_id must be a string.')
    .refine((value) => voiceName(value) !== undefined, `speaker_id must have ${NAME_BOUND}.`)
    .describe(`Name of the voice: ${NAME_BOUND}.`),
  prompt_text: z
    .string('prompt_text must be a string.')
    .refine((value) => promptText(value) !== undefined, `prompt_text must have ${PROMPT_BOUND}.`)
    .describe(`What is said in the recording: ${PROMPT_BOUND}.`),
  prompt_audio: audio,
  language: language.optional(),
});

/** Fields of `POST /tts`; which of them a mode needs is another question. */
export const ttsSchema = z.object({
  mode: z.enum(TTS_MODES, `mode must be one of ${TTS_MODES.join(', ')}.`),
  text: text('text', MAX_TEXT).refine((value) => value.trim() !== '', 'text must not be empty.'),
  speed: z.number(speedBound).min(0.5, speedBound).max(2, speedBound).default(1),
  seed: z.int(seedBound).min(0, seedBound).max(MAX_SEED, seedBound).optional(),
  speaker_id: text('speaker_id', MAX_SPEAKER_ID)
    .optional()
    .describe('A preset voice for `sft`, a registered one for the other modes.'),
  prompt_text: z
    .string('prompt_text must be a string.')
    .refine(
      (value) => value === '' || promptText(value) !== undefined,
      `prompt_text must have ${PROMPT_BOUND}.`,
    )
    .optional(),
  prompt_audio: audio.optional(),
  instruct_text: text('instruct_text', MAX_INSTRUCTION)
    .optional()
    .describe('How to say it, for `instruct2`.'),
});

/** Fields of `POST /tts`, checked. */
export type TtsFields = z.output<typeof ttsSchema>;

/**
 * Checks fields as this family tells it: what does not fit the schema is 422.
 * @throws ChorusError `invalid_schema` that names the first field at fault.
 */
export function validateSchema<Schema extends z.ZodType>(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  try {
    return validate(schema, fields);
  } catch (caught) {
    if (!(caught instanceof ChorusError)) throw caught;
    throw new ChorusError('invalid_schema', caught.message, caught.details);
  }
}
