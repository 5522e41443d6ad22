import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';

/** Body of `GET /stream/v1/tts/voices`. */
export const ttsVoicesAnswer = z.object({ voices: z.array(z.string()), total: z.int() });

const voice = z.looseObject({
  name: z.string(),
  type: z.enum(['preset', 'clone']),
  language: z.string().nullable(),
  gender: z.string().nullable(),
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

/** Bodies of `POST /stream/v1/tts/voices/refresh` and `GET /stream/v1/tts/health`. */
export const ttsStateAnswer = z.looseObject({ status: z.string().optional() });

/**
 * Descriptions of speech for NLS clients.
 * @param body The schema that the door checks the body with.
 */
export function nlsTtsOperations(body: z.ZodType): readonly Operation[] {
  return [
    {
      method: 'post',
      path: '/stream/v1/tts',
      id: 'nlsSpeak',
      tag: 'NLS',
      summary: 'Speaks a text',
      description:
        'Always HTTP 200: audio is `audio/mpeg` whatever its format, a failure is JSON. That is how ' +
        'official SDKs tell them apart.',
      guard: 'nls',
      works: true,
      body: { type: 'application/json', schema: body, example: { text: 'Many GPUs, one voice.' } },
      answers: [
        {
          description: 'The audio; the header `task_id` names the task.',
          content: { 'audio/mpeg': 'The audio in `format`.' },
        },
      ],
    },
    ...listings(),
  ];
}

function listings(): readonly Operation[] {
  const [guard, tag] = ['nls', 'NLS'] as const;
  const answers = (description: string, schema: z.ZodType) => [
    { description, content: { 'application/json': schema } },
  ];
  const base = '/stream/v1/tts';
  return [
    {
      ...{ method: 'get', path: `${base}/voices`, id: 'nlsVoices', tag, guard },
      summary: 'Lists the names of voices',
      answers: answers('The names.', ttsVoicesAnswer),
    },
    {
      ...{ method: 'get', path: `${base}/voices/info`, id: 'nlsVoicesInfo', tag, guard },
      summary: 'Describes the voices',
      answers: answers('The voices.', ttsVoicesInfoAnswer),
    },
    {
      ...{ method: 'post', path: `${base}/voices/refresh`, id: 'nlsRefreshVoices', tag, guard },
      summary: 'Reads the folder of voices again',
      answers: answers('What there is now.', ttsStateAnswer),
    },
    {
      ...{ method: 'get', path: `${base}/health`, id: 'nlsTtsHealth', tag, guard },
      summary: 'Tells whether speech can be used',
      answers: answers('Its state.', ttsStateAnswer),
    },
  ];
}
