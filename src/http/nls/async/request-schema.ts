import { z } from 'zod';
import { looksLikeSsml, checkMarkup } from '../../../speech/ssml/markup.js';
import { codePoints, validate } from '../../validate.js';
import {
  formatField,
  sampleRateField,
  speechRateField,
  switchField,
  validateNls,
  voiceField,
  volumeField,
} from '../speech-fields.js';

/** Longest text of a job, in characters. */
const MAX_TEXT = 5000;

const text = z
  .string('text must be a string.')
  .refine((value) => value.length <= MAX_TEXT || codePoints(value) <= MAX_TEXT, {
    error: (issue) =>
      `text must have at most ${MAX_TEXT} characters; it has ${codePoints(issue.input as string)}.`,
  })
  .refine((value) => value.trim() !== '', 'text must not be empty.');

const object = (field: string) => z.record(z.string(), z.unknown(), `${field} must be an object.`);

const secret = (field: string) =>
  z
    .string(`header.${field} must be a string.`)
    .max(1024, `header.${field} must have at most 1024 characters.`)
    .nullish();

/** Who asks; looked at before anything else. */
export const asyncHeaderSchema = z.object({
  header: z
    .object({ appkey: secret('appkey'), token: secret('token') }, 'header must be an object.')
    .optional(),
});

const urlBound = 'notify_url must be an http:// or https:// address.';

/** The outer fields of `POST /rest/v1/tts/async`. */
export const asyncBodySchema = z.object({
  payload: object('payload'),
  context: z
    .object(
      {
        device_id: z
          .string('context.device_id must be a string.')
          .max(256, 'context.device_id must have at most 256 characters.')
          .nullish(),
      },
      'context must be an object.',
    )
    .optional(),
});

/** Fields of `payload`. */
export const asyncPayloadSchema = z.object({
  tts_request: object('tts_request'),
  enable_notify: switchField('enable_notify').default(false),
  notify_url: z
    .string(urlBound)
    .regex(/^(?:|\P{Cc}+)$/u, urlBound)
    .optional(),
});

/** Fields of `payload.tts_request`. */
export const asyncSpeechSchema = z.object({
  text,
  voice: voiceField.optional(),
  format: formatField(['pcm', 'wav', 'mp3']).default('wav'),
  sample_rate: sampleRateField.default(16_000),
  volume: volumeField.optional(),
  speech_rate: speechRateField.optional(),
  enable_subtitle: switchField('enable_subtitle').default(true),
});

/** What is to be spoken, checked. */
export type AsyncSpeechFields = z.output<typeof asyncSpeechSchema>;

/** A body, checked but for its names. */
export interface AsyncFields {
  readonly speech: AsyncSpeechFields;
  /** Undefined = nobody is to be told. */
  readonly notifyUrl: string | undefined;
}

/**
 * Checks a body.
 * @throws ChorusError `missing_field`, `invalid_value`, `unsupported_sample_rate`, `invalid_ssml`.
 */
export function readAsyncFields(body: Readonly<Record<string, unknown>>): AsyncFields {
  const { payload } = validate(asyncBodySchema, body);
  const { tts_request, enable_notify, notify_url } = validate(asyncPayloadSchema, payload);
  const speech = validateNls(asyncSpeechSchema, tts_request);
  const asked = enable_notify ? notifyUrlOf(notify_url) : undefined;
  return { speech: { ...speech, text: cleanText(speech.text) }, notifyUrl: asked };
}

/** The text as workers take it; a text in SSML is checked. */
export function markupOf(text: string): 'ssml' | undefined {
  if (!looksLikeSsml(text)) return undefined;
  checkMarkup(text);
  return 'ssml';
}

function notifyUrlOf(url: string | undefined): string {
  return validate(z.object({ notify_url: z.string().min(1, urlBound) }), { notify_url: url })
    .notify_url;
}

/** Takes out what is no text: halves of surrogate pairs, and NUL, which ends strings in C code. */
function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', ' ');
}
