import { z } from 'zod';
import { ChorusError } from '../../../protocol/errors.js';
import type { SpeechSegmentation } from '../../../protocol/requests.js';
import { codePoints } from '../../validate.js';
import {
  AUDIO_TYPES,
  type AudioFormat,
  DEFAULT_FORMAT,
  FLAT_FORMATS,
  PCM_RATES_HZ,
} from './audio-format.js';
import { SERVER_VAD } from './session-config.js';
import { G711_RATE_HZ } from '../../../audio/g711.js';

/** What an update changes; a field that is not there stays, an undefined one goes. */
export interface SessionChange {
  readonly format?: AudioFormat;
  readonly model?: string;
  readonly language?: string | undefined;
  readonly prompt?: string | undefined;
  readonly turnDetection?: SpeechSegmentation | null;
  readonly logprobs?: boolean;
}

const MAX_PROMPT = 2_000;
const MAX_PADDING_MS = 5_000;
const SILENCE_MS = { min: 100, max: 10_000 };
const LOGPROBS = 'item.input_audio_transcription.logprobs';

/** Messages say what must be; the field's name stands before them. */
const format = z.object(
  {
    type: z.enum(AUDIO_TYPES, `must be one of ${AUDIO_TYPES.join(', ')}.`),
    rate: z
      .literal([...PCM_RATES_HZ], `must be one of ${PCM_RATES_HZ.join(', ')} for audio/pcm.`)
      .nullish(),
  },
  'must be an object.',
);

const transcription = z.object(
  {
    model: z
      .string('must be a text.')
      .min(1, 'must not be empty.')
      .max(256, 'must have at most 256 characters.')
      .nullish(),
    language: z
      .string('must be a text.')
      .toLowerCase()
      .regex(/^(?:[a-z]{2,3})?$/, 'must be an ISO 639-1 code such as en.')
      .nullish(),
    prompt: z
      .string('must be a text.')
      .refine(
        (text) => codePoints(text) <= MAX_PROMPT,
        `must have at most ${MAX_PROMPT} characters.`,
      )
      .nullish(),
  },
  'must be an object.',
);

function milliseconds(min: number, max: number) {
  const bound = `must be a whole number of milliseconds from ${min} to ${max}.`;
  return z.int(bound).min(min, bound).max(max, bound).nullish();
}

const THRESHOLD = 'must be a number from 0 to 1.';
const turnDetection = z.object(
  {
    type: z.literal('server_vad', 'must be server_vad.').default('server_vad'),
    threshold: z.number(THRESHOLD).min(0, THRESHOLD).max(1, THRESHOLD).nullish(),
    prefix_padding_ms: milliseconds(0, MAX_PADDING_MS),
    silence_duration_ms: milliseconds(SILENCE_MS.min, SILENCE_MS.max),
  },
  'must be null or an object.',
);

const include = z.array(z.literal(LOGPROBS, `must be ${LOGPROBS}.`), 'must be a list.');

/** The names of today, and the flat ones of before; unknown fields are dropped. */
const sessionSchema = z.object(
  {
    type: z.literal('transcription', 'must be transcription.').optional(),
    audio: z
      .object(
        {
          input: z
            .object(
              {
                format: format.nullish(),
                transcription: transcription.nullish(),
                turn_detection: turnDetection.nullish(),
              },
              'must be an object.',
            )
            .nullish(),
        },
        'must be an object.',
      )
      .nullish(),
    input_audio_format: z
      .literal(['pcm16', 'g711_ulaw', 'g711_alaw'], 'must be pcm16, g711_ulaw or g711_alaw.')
      .nullish(),
    input_audio_transcription: transcription.nullish(),
    turn_detection: turnDetection.nullish(),
    include: include.nullish(),
  },
  'must be an object.',
);

/**
 * Reads the `session` of an update.
 * @throws ChorusError `invalid_value` or `missing_field` with the field's whole path.
 */
export function readSessionChange(session: unknown): SessionChange {
  const checked = sessionSchema.safeParse(session);
  if (!checked.success) throw faultOf(checked.error.issues[0], session);
  const { audio, include: asked, ...flat } = checked.data;
  const input = audio?.input;
  const detection = input && 'turn_detection' in input ? input.turn_detection : flat.turn_detection;
  const told = input?.transcription ?? flat.input_audio_transcription;
  const named = input?.format ? formatOf(input.format) : undefined;
  const old = flat.input_audio_format ? FLAT_FORMATS[flat.input_audio_format] : undefined;
  const heard = named ?? old;
  return {
    ...(heard && { format: heard }),
    ...(told && transcriptionChange(told)),
    ...(detection !== undefined && { turnDetection: detection && segmentationOf(detection) }),
    ...(asked !== undefined && { logprobs: asked?.includes(LOGPROBS) === true }),
  };
}

function transcriptionChange({
  model,
  language,
  prompt,
}: z.output<typeof transcription>): SessionChange {
  return {
    ...(typeof model === 'string' && { model }),
    ...(language !== undefined && { language: language || undefined }),
    ...(prompt !== undefined && { prompt: prompt ?? undefined }),
  };
}

function formatOf({ type, rate }: z.output<typeof format>): AudioFormat {
  const own = type === 'audio/pcm' ? DEFAULT_FORMAT.rateHz : G711_RATE_HZ;
  // Telephone formats have one rate, whatever is said beside them.
  return { type, rateHz: type === 'audio/pcm' ? (rate ?? own) : own };
}

function segmentationOf(detection: z.output<typeof turnDetection>): SpeechSegmentation {
  return {
    threshold: detection.threshold ?? SERVER_VAD.threshold,
    prefixPaddingMs: detection.prefix_padding_ms ?? SERVER_VAD.prefixPaddingMs,
    silenceDurationMs: detection.silence_duration_ms ?? SERVER_VAD.silenceDurationMs,
  };
}

function faultOf(issue: z.core.$ZodIssue | undefined, session: unknown): ChorusError {
  const param = ['session', ...(issue?.path ?? [])].map(String).join('.');
  if (session === undefined) {
    return new ChorusError('missing_field', 'The field session is missing.', { param });
  }
  return new ChorusError('invalid_value', `${param} ${issue?.message ?? 'is not valid.'}`, {
    param,
  });
}
