import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { NLS_STATUS } from './status-codes.js';

/** The schemas that the door checks a body with, from the outside inwards. */
export interface AsyncSchemas {
  /** Holds the field `header`. */
  readonly header: z.ZodObject;
  /** Holds `payload` and `context`. */
  readonly body: z.ZodObject;
  /** Holds what `payload` has, `tts_request` among it. */
  readonly payload: z.ZodObject;
  /** Holds what `tts_request` has. */
  readonly speech: z.ZodType;
}

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

/** Descriptions of speech that is made while its client does something else. */
export function nlsAsyncOperations(schemas: AsyncSchemas): readonly Operation[] {
  const { header, body, payload, speech } = schemas;
  const schema = body.extend({
    ...header.shape,
    payload: payload.extend({ tts_request: speech }),
  });
  return [
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
        schema,
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
}
