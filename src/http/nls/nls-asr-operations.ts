import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { asrSchema } from './asr/asr-fields.js';
import { NLS_STATUS } from './status-codes.js';

/** Body of a recognition. */
export const recognitionAnswer = z.object({
  task_id: z.string().describe('32 hexadecimal digits.'),
  result: z.string().describe('What was said.'),
  status: z.literal(NLS_STATUS.success),
  message: z.literal('SUCCESS'),
});

/** Body of `GET /stream/v1/asr/health`. */
export const asrHealthAnswer = z.looseObject({
  status: z.string(),
  model_loaded: z.boolean(),
  device: z.string(),
  version: z.string(),
  message: z.string(),
  loaded_models: z.array(z.string()),
  asr_model_mode: z.string(),
});

/** Body of `GET /stream/v1/asr/models`. */
export const asrModelsAnswer = z.object({
  models: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      engine: z.string(),
      description: z.string(),
      languages: z.array(z.string()),
      default: z.boolean(),
      loaded: z.boolean(),
      supports_realtime: z.boolean(),
    }),
  ),
  total: z.int(),
  loaded_count: z.int(),
  asr_model_mode: z.string(),
});

/** Descriptions of recognition for NLS clients. */
export const NLS_ASR_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/stream/v1/asr',
    id: 'nlsRecognize',
    tag: 'NLS',
    summary: 'Writes down what is said in a recording',
    description: 'Always HTTP 200: `status` in the body tells failures from successes.',
    guard: 'nls',
    works: true,
    query: asrSchema,
    body: {
      type: 'application/octet-stream',
      description: 'The bytes of the recording; none where `audio_address` names one.',
    },
    answers: [{ description: 'The words.', content: { 'application/json': recognitionAnswer } }],
  },
  {
    method: 'get',
    path: '/stream/v1/asr/health',
    id: 'nlsAsrHealth',
    tag: 'NLS',
    summary: 'Tells whether recognition can be used',
    guard: 'nls',
    answers: [{ description: 'Its state.', content: { 'application/json': asrHealthAnswer } }],
  },
  {
    method: 'get',
    path: '/stream/v1/asr/models',
    id: 'nlsAsrModels',
    tag: 'NLS',
    summary: 'Lists the models that listen',
    guard: 'nls',
    answers: [{ description: 'The models.', content: { 'application/json': asrModelsAnswer } }],
  },
];
