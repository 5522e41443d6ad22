import { z } from 'zod';
import { SPEECH_FORMATS, type SpeechFormat } from '../../protocol/media.js';
import { textField } from '../spoken-text.js';

const MAX_TEXT = 4096;
/** The rates that MPEG audio layer III and AAC have, as far as speech needs them. */
const MPEG_RATES_HZ = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

const voiceBound =
  'voice must be the name of a voice, or an object {"id": name}, of 1 to 256 characters.';
const voiceName = z.string().min(1, voiceBound).max(256, voiceBound);
const voice = z.union([voiceName, z.object({ id: voiceName }).transform(({ id }) => id)], {
  error: voiceBound,
});

const format = z.enum(
  SPEECH_FORMATS,
  `response_format must be one of ${SPEECH_FORMATS.join(', ')}.`,
);

/** What a client may want to know the times of. */
export const SPEECH_GRANULARITIES = ['word', 'sentence'] as const;

/** One of {@link SPEECH_GRANULARITIES}. */
export type SpeechGranularity = (typeof SPEECH_GRANULARITIES)[number];

/** Some clients name one twice. */
const MAX_GRANULARITIES = 8;
/** Checked as a whole: a complaint for each of half a million wrong ones would take seconds. */
const granularities = z
  .custom<SpeechGranularity | readonly SpeechGranularity[]>(
    areGranularities,
    `timestamp_granularities must be a list of word, sentence, of at most ${MAX_GRANULARITIES}.`,
  )
  .transform((asked) => [asked].flat())
  .meta({
    type: 'array',
    items: { type: 'string', enum: SPEECH_GRANULARITIES },
    maxItems: MAX_GRANULARITIES,
  });

const MAX_SEED = 2 ** 32 - 1;
const seedBound = `seed must be a whole number from 0 to ${MAX_SEED}.`;
const seed = z.int(seedBound).min(0, seedBound).max(MAX_SEED, seedBound);

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
      .max(256, 'model must have at most 256 characters.')
      .describe('Id of a model that speaks, or an alias such as `tts-1`.'),
    input: textField('input', MAX_TEXT)
      .refine((value) => value.trim() !== '', 'input must not be empty.')
      .describe('What to say: text, or SSML that begins with `<speak`.'),
    voice: voice.describe('Name of a voice, or an object with it as `id`.'),
    instructions: textField('instructions', MAX_TEXT)
      .optional()
      .describe('How to say it, for models that can be told.'),
    response_format: format.default('mp3').describe('What the audio comes as.'),
    speed: speed.default(1).describe("1 is the voice's own speed."),
    stream_format: z
      .enum(['audio', 'sse'], 'stream_format must be audio or sse.')
      .default('audio')
      .describe('The bytes of the audio, or server-sent events that hold them.'),
    timestamp_granularities: granularities
      .default([])
      .describe('Times of words and sentences, among the events of `sse`.'),
    seed: seed.optional().describe('The same seed gives the same audio again.'),
    sample_rate: sampleRateHz.optional().describe("Hertz; the voice's own unless set."),
  })
  .refine(fitsMpeg, {
    path: ['sample_rate'],
    error: `sample_rate for mp3 and aac must be one of ${MPEG_RATES_HZ.join(', ')}.`,
  })
  .refine(
    (fields) => fields.stream_format === 'sse' || fields.timestamp_granularities.length === 0,
    {
      path: ['timestamp_granularities'],
      error: 'timestamp_granularities needs stream_format sse.',
    },
  );

function areGranularities(value: unknown): boolean {
  const asked = Array.isArray(value) ? value : [value];
  return asked.length <= MAX_GRANULARITIES && asked.every(isGranularity);
}

function isGranularity(value: unknown): boolean {
  return SPEECH_GRANULARITIES.some((one) => one === value);
}

function fitsMpeg(fields: { response_format: SpeechFormat; sample_rate?: number | undefined }) {
  const { response_format: format, sample_rate: rateHz } = fields;
  if (rateHz === undefined || (format !== 'mp3' && format !== 'aac')) return true;
  return MPEG_RATES_HZ.includes(rateHz);
}

/** `name[]` and `name` mean the same: some clients write a list so wherever it stands. */
export function withoutBrackets(
  body: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { 'timestamp_granularities[]': bracketed, ...rest } = body;
  return bracketed === undefined ? body : { timestamp_granularities: bracketed, ...rest };
}

/** A request's fields, checked. */
export type SpeechFields = z.output<typeof speechSchema>;
