import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { nlsSpeechSchema } from './tts/speech-request.js';

/** Body of `GET /stream/v1/tts/voices`. */
export const ttsVoicesAnswer = z.object({ voices: z.array(z.string()), total: z.int() });

const voice = z.object({
  name: z.string(),
  type: z.enum(['preset', 'clone']),
  language: z.string(),
  gender: z.string(),
  description: z.string(),
  sample_rate: z.int().nullable().describe('Hertz.'),
  available: z.boolean(),
});

/** Body of `GET /stream/v1/tts/voices/info`. */
export const ttsVoicesInfoAnswer = z.object({
  voices: z.record(z.string(), voice).describe('By name.'),
  total: z.int(),
  preset_count: z.int(),
  clone_count: z.int(),
});

/** Body of `POST /stream/v1/tts/voices/refresh`. */
export const ttsRefreshAnswer = z.object({
  success: z.literal(true),
  message: z.string(),
  voices: z.array(z.string()),
  total: z.int(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
});

/** Body of `GET /stream/v1/tts/health`. */
export const ttsHealthAnswer = z.object({
  status: z.enum(['healthy', 'loading', 'unhealthy']),
  message: z.string(),
  device: z.string(),
  version: z.string(),
  sft_model_loaded: z.boolean().describe('A model with preset voices.'),
  tts_model_loaded: z.boolean().describe('A model that clones.'),
  loaded_models: z.array(z.string()),
  preset_voices: z.array(z.string()),
  tts_model_mode: z.string(),
});

const SPEECH = {
  tag: 'NLS',
  guard: 'nls',
  works: true,
  summary: 'Speaks a text',
  description:
    'Always HTTP 200: audio is `audio/mpeg` whatever its format, a failure is JSON. That is how ' +
    'official SDKs tell them apart.',
  answers: [
    {
      description: 'The audio; the header `task_id` names the task.',
      content: { 'audio/mpeg': 'The audio in `format`.' },
    },
  ],
} as const;

const LISTING = { tag: 'NLS', guard: 'nls' } as const;

function answers(description: string, schema: z.ZodType): Operation['answers'] {
  return [{ description, content: { 'application/json': schema } }];
}

/** Descriptions of speech for NLS clients. */
export const NLS_TTS_OPERATIONS: readonly Operation[] = [
  {
    ...{ ...SPEECH, method: 'post', path: '/stream/v1/tts', id: 'nlsSpeak' },
    body: {
      type: 'application/json',
      schema: nlsSpeechSchema,
      description: 'The token and the appkey may stand here too.',
      example: { text: 'Many GPUs, one voice.' },
    },
  },
  {
    ...{ ...SPEECH, method: 'get', path: '/stream/v1/tts', id: 'nlsSpeakByQuery' },
    query: nlsSpeechSchema,
  },
  {
    ...{ ...LISTING, method: 'get', path: '/stream/v1/tts/voices', id: 'nlsVoices' },
    summary: 'Lists the names of voices',
    answers: answers('The names.', ttsVoicesAnswer),
  },
  {
    ...{ ...LISTING, method: 'get', path: '/stream/v1/tts/voices/info', id: 'nlsVoicesInfo' },
    summary: 'Describes the voices',
    answers: answers('The voices.', ttsVoicesInfoAnswer),
  },
  {
    ...{ ...LISTING, method: 'post', path: '/stream/v1/tts/voices/refresh', id: 'nlsRefresh' },
    summary: 'Reads the folder of voices again',
    answers: answers('What there is now.', ttsRefreshAnswer),
  },
  {
    ...{ ...LISTING, method: 'get', path: '/stream/v1/tts/health', id: 'nlsTtsHealth' },
    summary: 'Tells whether speech can be used',
    answers: answers('Its state.', ttsHealthAnswer),
  },
];
