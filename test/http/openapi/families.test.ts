import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../src/http/openapi/document.js';
import { propertiesOf } from '../../../src/http/openapi/json-schema.js';
import { OPERATIONS } from '../../../src/http/openapi/operations.js';
import { docsPage } from '../../../src/http/openapi/page.js';

const document = openApiDocument({
  version: '1',
  operations: OPERATIONS,
  sockets: [],
  url: 'http://127.0.0.1:8000',
});

test('the families of other servers make a valid document and a page', async () => {
  const checked = await new Validator().validate(structuredClone(document) as never);
  expect(checked.errors ?? []).toEqual([]);
  const page = docsPage(document, { needsKey: true });
  expect(page).toContain('X-NLS-Token: $TOKEN');
  expect(page).not.toContain('undefined');
});

test('a family that answers 200 to everything tells failures in the same answer', () => {
  const responses = document.paths['/stream/v1/asr']?.['post']?.responses ?? {};
  expect(Object.keys(responses)).toEqual(['200']);
  expect(JSON.stringify(responses['200'])).toContain('#/components/schemas/NlsError');
  const audio = document.paths['/stream/v1/tts']?.['post']?.responses['200'];
  expect(Object.keys((audio as { content: object }).content)).toEqual([
    'audio/mpeg',
    'application/json',
  ]);
});

test('the others tell them by status', () => {
  const { responses } = document.paths['/tts']?.['post'] ?? {};
  expect(responses).toMatchObject({
    401: { $ref: '#/components/responses/DetailUnauthorized' },
    429: { $ref: '#/components/responses/DetailBusy' },
    503: { $ref: '#/components/responses/DetailUnavailable' },
    default: { $ref: '#/components/responses/DetailFailure' },
  });
  const job = document.paths['/rest/v1/tts/async']?.['get'];
  expect(job?.responses['401']).toEqual({ $ref: '#/components/responses/NlsRestUnauthorized' });
});

test('the body of a job is put together from the schemas of its parts', () => {
  const body = document.paths['/rest/v1/tts/async']?.['post']?.requestBody?.content;
  const outer = propertiesOf(body?.['application/json']?.schema ?? {});
  expect(Object.keys(outer).toSorted()).toEqual(['context', 'header', 'payload']);
  const inner = propertiesOf(propertiesOf(outer['payload'] ?? {})['tts_request'] ?? {});
  expect(inner['text']).toMatchObject({ maxLength: 5000 });
});
