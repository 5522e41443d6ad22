import { z } from 'zod';
import { validate } from '../../validate.js';
import { withNumbers } from '../loose-fields.js';
import {
  formatField,
  sampleRateField,
  speechRateField,
  switchField,
  validateNls,
  voiceField,
  volumeField,
} from '../speech-fields.js';
import { textField } from '../../spoken-text.js';

/** Longest text of a job, in characters. */
const MAX_TEXT = 5000;
const NUMBERS = ['sample_rate', 'volume', 'speech_rate'];

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
  text: textField('text', MAX_TEXT).refine(
    (value) => value.trim() !== '',
    'text must not be empty.',
  ),
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
 * @throws ChorusError `missing_field`, `invalid_value`, `unsupported_sample_rate`.
 */
export function readAsyncFields(body: Readonly<Record<string, unknown>>): AsyncFields {
  const { payload } = validate(asyncBodySchema, body);
  const { tts_request, enable_notify, notify_url } = validate(asyncPayloadSchema, payload);
  const speech = validateNls(asyncSpeechSchema, withNumbers(tts_request, NUMBERS));
  return { speech, notifyUrl: enable_notify ? notifyUrlOf(notify_url) : undefined };
}

function notifyUrlOf(url: string | undefined): string {
  return validate(z.object({ notify_url: z.string().min(1, urlBound) }), { notify_url: url })
    .notify_url;
}
