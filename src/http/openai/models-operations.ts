import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { voicesQuery } from './voices-query.js';

/** A model, as the routes show it. */
export const modelAnswer = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('Seconds since 1970; the same for all.'),
  owned_by: z.string(),
  task: z.enum(['tts', 'asr', 'vad', 'llm']),
  languages: z.array(z.string()).describe('Codes such as `en`.'),
});

/** All models. */
export const modelsAnswer = z.object({
  object: z.literal('list'),
  data: z.array(modelAnswer).describe('The default of each service comes first.'),
});

const voice = z.object({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  gender: z.string().nullable(),
  model: z.string().describe('The model whose voice it is.'),
});

/** All voices; names alone for old clients. */
export const voicesAnswer = z.object({ voices: z.union([z.array(voice), z.array(z.string())]) });

/** Descriptions of the routes that tell what there is. */
export const MODELS_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/models',
    id: 'listModels',
    tag: 'Models',
    summary: 'Lists the configured models',
    guard: 'key',
    answers: [{ description: 'The models.', content: { 'application/json': modelsAnswer } }],
  },
  {
    method: 'get',
    path: '/v1/models/{model}',
    id: 'getModel',
    tag: 'Models',
    summary: 'Shows one model',
    guard: 'key',
    pathFields: z.object({ model: z.string().describe('Id or alias; a slash as `%2F`.') }),
    answers: [{ description: 'The model.', content: { 'application/json': modelAnswer } }],
  },
  {
    method: 'get',
    path: '/v1/audio/voices',
    id: 'listVoices',
    tag: 'Models',
    summary: 'Lists the voices of the configured models',
    guard: 'key',
    query: voicesQuery,
    answers: [{ description: 'The voices.', content: { 'application/json': voicesAnswer } }],
  },
];
