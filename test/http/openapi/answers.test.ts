import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { familyOf } from '../../../src/http/api-family.js';
import { FAILURE_SCHEMAS, failureNameOf } from '../../../src/http/openapi/failures.js';
import { OPERATIONS } from '../../../src/http/openapi/operations.js';
import { ChorusError, ERROR_TABLE, type ErrorCode } from '../../../src/protocol/errors.js';
import { Door } from '../../support/door.js';
import { gpuOf, snapshotOf } from '../../support/scripted-gpus.js';

let door: Door;
beforeAll(async () => {
  door = await Door.open({ debug: true });
});
afterAll(() => door.close());

/** The schema that an operation's description has for JSON. */
function schemaOf(method: string, path: string, status = 200): z.ZodType {
  const operation = OPERATIONS.find((one) => one.method === method && one.path === path);
  const answer = operation?.answers.find((one) => (one.status ?? 200) === status);
  const schema = answer?.content['application/json'];
  if (schema === undefined || typeof schema === 'string') throw new Error(`no schema of ${path}`);
  return schema;
}

/** A zod object drops what it does not know, so an undocumented field makes the two differ. */
function expectToFit(schema: z.ZodType, body: unknown): void {
  expect(schema.parse(body)).toEqual(body);
}

test.each([
  ['/live', '/live'],
  ['/ready', '/ready'],
  ['/health', '/health'],
  ['/system/metrics', '/system/metrics'],
  ['/v1/models', '/v1/models'],
  ['/v1/models/{model}', '/v1/models/tts-1'],
  ['/v1/audio/voices', '/v1/audio/voices'],
  ['/v1/audio/voices', '/v1/audio/voices?legacy=true'],
  ['/speakers', '/speakers'],
  ['/stream/v1/asr/health', '/stream/v1/asr/health'],
  ['/stream/v1/asr/models', '/stream/v1/asr/models'],
  ['/stream/v1/tts/health', '/stream/v1/tts/health'],
  ['/stream/v1/tts/voices', '/stream/v1/tts/voices'],
  ['/stream/v1/tts/voices/info', '/stream/v1/tts/voices/info'],
  ['/admin/reload', '/admin/reload'],
  ['/openapi.json', '/openapi.json'],
])('the answer of GET %s is the one that is documented (%s)', async (path, url) => {
  const answer = await door.get(url);
  expect(answer.status).toBe(200);
  expectToFit(schemaOf('get', path), await answer.json());
});

test('figures of GPUs and workers are the ones that are documented', async () => {
  const process = { pid: 7, memoryBytes: 1024, utilizationRatio: null, kind: 'compute' } as never;
  const gpu = gpuOf('GPU-1', { processes: [process], clockEventReasons: { sw_power_cap: true } });
  door.gpus = { ...door.gpus, snapshot: snapshotOf([gpu]), error: undefined };
  const answer = await door.get('/system/metrics');
  const body = (await answer.json()) as { gpus: unknown[] };
  expect(body.gpus).toHaveLength(1);
  expectToFit(schemaOf('get', '/system/metrics'), body);
});

test('what operators are answered is what is documented', async () => {
  const restart = await door.get('/admin/workers/cpu-0/restart', { method: 'POST' });
  expect(restart.status).toBe(202);
  expectToFit(schemaOf('post', '/admin/workers/{id}/restart', 202), await restart.json());
  const reload = await door.get('/admin/reload', { method: 'POST' });
  expectToFit(schemaOf('post', '/admin/reload', 202), await reload.json());
});

const PATHS = [
  '/v1/models',
  '/tts',
  '/speakers/x',
  '/stream/v1/asr',
  '/rest/v1/tts/async',
  '/docs',
];

test.each(PATHS)('failures under %s have the documented body, whatever their code', (path) => {
  const { drawError } = familyOf(path);
  const schema = FAILURE_SCHEMAS[failureNameOf(path)];
  for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
    const error = new ChorusError(code, 'What is wrong.', { param: 'text' });
    const { body } = drawError(error, { requestId: '0194c5e2-7d3a-7b1c-9f00-6d1f2a3b4c5d', path });
    expectToFit(schema, body);
  }
});

test('each family has a body of its own', () => {
  expect(PATHS.map(failureNameOf)).toEqual([
    'OpenAiError',
    'DetailError',
    'DetailError',
    'NlsError',
    'NlsRestError',
    'OpenAiError',
  ]);
});
