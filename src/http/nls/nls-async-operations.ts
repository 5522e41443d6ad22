import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import {
  asyncBodySchema,
  asyncHeaderSchema,
  asyncPayloadSchema,
  asyncSpeechSchema,
} from './async/request-schema.js';
import { NLS_STATUS } from './status-codes.js';

const sentence = z.object({
  text: z.string(),
  begin_time: z.string().describe('Milliseconds.'),
  end_time: z.string().describe('Milliseconds.'),
});

/** How a job stands. */
export const jobAnswer = z.object({
  status: z.literal(200),
  error_code: z.literal(Object.values(NLS_STATUS)),
  error_message: z.string().describe('`RUNNING`, `SUCCESS`, or what went wrong.'),
  request_id: z.string(),
  data: z.object({
    task_id: z.string().describe('32 hexadecimal digits.'),
    audio_address: z.string().nullable().describe('Of the audio; needs no key, and expires.'),
    notify_custom: z.string().nullable(),
    sentences: z.array(sentence).nullable(),
  }),
});

const answers = [{ description: 'The job.', content: { 'application/json': jobAnswer } }];

/** The door checks a body from the outside inwards; here its schemas stand in each other. */
const jobSchema = asyncBodySchema.extend({
  ...asyncHeaderSchema.shape,
  payload: asyncPayloadSchema.extend({ tts_request: asyncSpeechSchema }),
});

/** Descriptions of speech that is made while its client does something else. */
export const NLS_ASYNC_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/rest/v1/tts/async',
    id: 'nlsCreateJob',
    tag: 'NLS',
    summary: 'Has a text spoken later',
    description: 'The token and the appkey may stand in `header` of the body too.',
    guard: 'nls',
    body: {
      type: 'application/json',
      schema: jobSchema,
      example: { payload: { tts_request: { text: 'Many GPUs, one voice.' } } },
    },
    answers,
  },
  {
    method: 'get',
    path: '/rest/v1/tts/async',
    id: 'nlsReadJob',
    tag: 'NLS',
    summary: 'Tells how a job stands',
    guard: 'nls',
    query: z.object({ task_id: z.string().describe('As the answer to the job named it.') }),
    answers,
  },
  {
    method: 'get',
    path: '/rest/v1/tts/async/audio/{key}',
    id: 'nlsJobAudio',
    tag: 'NLS',
    summary: 'The audio of a job',
    guard: 'open',
    pathFields: z.object({ key: z.string().describe('Cannot be guessed, and expires.') }),
    answers: [
      {
        description: 'The audio.',
        content: { 'audio/wav': '`wav`', 'audio/mpeg': '`mp3`', 'audio/pcm': '`pcm`' },
      },
    ],
  },
];
