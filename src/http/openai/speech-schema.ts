import { z } from 'zod';
import { SPEECH_FORMATS, type SpeechFormat } from '../../protocol/media.js';
import { codePoints } from '../validate.js';

const MAX_TEXT = 4096;
/** The rates that MPEG audio layer III has. */
const MP3_RATES_HZ = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

function text(field: string) {
  return z
    .string(`${field} must be a string.`)
    .refine((value) => value.length <= MAX_TEXT || codePoints(value) <= MAX_TEXT, {
      error: (issue) =>
        `${field} must have at most ${MAX_TEXT} characters; it has ${codePoints(issue.input as string)}.`,
    });
}

const voiceName = z.string().min(1).max(256);
const voice = z.union([voiceName, z.object({ id: voiceName }).transform(({ id }) => id)], {
  error: 'voice must be the name of a voice, or an object {"id": name}, of 1 to 256 characters.',
});

const formats = SPEECH_FORMATS.join(', ');
const format = z.custom<SpeechFormat>((value) => SPEECH_FORMATS.includes(value as SpeechFormat), {
  error: ({ input }) =>
    input === 'aac'
      ? `response_format aac is not available yet; available: ${formats}.`
      : `response_format must be one of ${formats}.`,
});

const speed = z
  .number('speed must be a number from 0.25 to 4.0.')
  .min(0.25, 'speed must be at least 0.25.')
  .max(4, 'speed must be at most 4.0.');

const rateBound = 'sample_rate must be a whole number of hertz from 8000 to 48000.';
const sampleRateHz = z.int(rateBound).min(8000, rateBound).max(48_000, rateBound);

/** Fields of `POST /v1/audio/speech`; unknown ones are dropped, as other clients' extras must be. */
export const speechSchema = z
  .object({
    model: z
      .string('model must be the id of a model.')
      .min(1, 'model must not be empty.')
      .max(256, 'model must have at most 256 characters.'),
    input: text('input').refine((value) => value.trim() !== '', 'input must not be empty.'),
    voice,
    instructions: text('instructions').optional(),
    response_format: format.default('mp3'),
    speed: speed.default(1),
    stream_format: z
      .literal('audio', 'stream_format must be audio; sse is not available yet.')
      .default('audio'),
    sample_rate: sampleRateHz.optional(),
  })
  .refine(fitsMp3, {
    path: ['sample_rate'],
    error: `sample_rate for mp3 must be one of ${MP3_RATES_HZ.join(', ')}.`,
  });

function fitsMp3(fields: { response_format: SpeechFormat; sample_rate?: number | undefined }) {
  if (fields.response_format !== 'mp3' || fields.sample_rate === undefined) return true;
  return MP3_RATES_HZ.includes(fields.sample_rate);
}
