import { Validator } from '@seriousme/openapi-schema-validator';
import type { Layer, Router } from '@koa/router';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AsyncJobs } from '../../../src/http/nls/async/async-jobs.js';
import type { JsonSchema, OpenApiDocument } from '../../../src/http/openapi/document-types.js';
import { propertiesOf } from '../../../src/http/openapi/json-schema.js';
import type { Operation } from '../../../src/http/openapi/operation.js';
import { OPERATIONS, SOCKET_OPERATIONS } from '../../../src/http/openapi/operations.js';
import { formFields } from '../../../src/http/openai/transcription-form.js';
import { Door } from '../../support/door.js';
import { startScriptedServer } from '../../support/scripted-server.js';

/** Its routes are looked at, and none of them gets that far. */
const jobs = {} as AsyncJobs;

let door: Door;
let document: OpenApiDocument;
beforeAll(async () => {
  door = await Door.open({ debug: true, jobs });
  document = (await (await door.get('/openapi.json')).json()) as OpenApiDocument;
});
afterAll(() => door.close());

/** `get /v1/models/{model}` of each route that an application serves. */
function servedBy({ app }: Door): string[] {
  const dispatch = app.middleware.find((one) => 'router' in one) as unknown as { router: Router };
  const layers = dispatch.router.stack as readonly Layer[];
  const names = layers.flatMap(({ methods, path }) =>
    methods
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method.toLowerCase()} ${inBraces(String(path))}`),
  );
  return names.toSorted();
}

function inBraces(pattern: string): string {
  return pattern.replace(/:(\w+)/g, '{$1}');
}

function documentedIn({ paths }: Pick<OpenApiDocument, 'paths'>): string[] {
  const names = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  return names.toSorted();
}

describe('routes', () => {
  test('that are served are those that are documented', () => {
    expect(servedBy(door).length).toBeGreaterThan(10);
    expect(servedBy(door)).toEqual(documentedIn(document));
  });

  test('are the same without DEBUG, but for the documentation, which is not there', async () => {
    const closed = await Door.open({ jobs });
    try {
      const others = documentedIn(document).filter((name) => !/docs|openapi/.test(name));
      expect(servedBy(closed)).toEqual(others);
      for (const path of ['/docs', '/openapi.json']) {
        const answer = await closed.get(path);
        expect(answer.status).toBe(404);
        expect(await answer.json()).toMatchObject({ error: { code: 'route_not_found' } });
      }
    } finally {
      await closed.close();
    }
  });

  test('for WebSockets are documented too', async () => {
    const server = await startScriptedServer(1);
    try {
      const documented = SOCKET_OPERATIONS.map(({ path }) => path);
      expect(server.webSocketPaths.map(inBraces).toSorted()).toEqual(documented.toSorted());
      expect(document['x-websockets'].map(({ path }) => path)).toEqual(documented);
    } finally {
      await server.stop();
    }
  });

  test('ask for a key as their descriptions say', async () => {
    const locked = await Door.open({
      ...{ debug: true, jobs },
      ...{ apiKeys: ['client'], adminKeys: ['operator'] },
    });
    try {
      for (const { method, path, guard, body } of OPERATIONS) {
        const url = path.replaceAll(/\{\w+\}/g, 'x');
        // Some families look for keys in the body too, so there has to be one.
        const sent = body?.type === 'application/json' ? { body: '{}' } : {};
        const headers = { 'content-type': body?.type ?? '' };
        const answer = await locked.get(url, { method: method.toUpperCase(), headers, ...sent });
        const isRefused = answer.status === 401 || (await answer.text()).includes('ACCESS_DENIED');
        expect([path, isRefused]).toEqual([path, guard !== 'open']);
      }
    } finally {
      await locked.close();
    }
  });
});

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const checked = await new Validator().validate(structuredClone(document) as never);
    expect(checked.errors ?? []).toEqual([]);
    expect(checked.valid).toBe(true);
  });

  test('names every reference, operation and tag', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    const components = document.components as Record<string, Record<string, unknown>>;
    for (const [, kind = '', name = ''] of references)
      expect(components[kind]).toHaveProperty(name);
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { tags: own } of operations) expect(tags).toContain(own[0]);
  });

  test('leaves no field without a word about what it may be', () => {
    expect(vagueFields(document)).toEqual([]);
  });

  test('carries the bounds that the doors check', () => {
    const schema = document.paths['/v1/audio/speech']?.['post']?.requestBody?.content;
    const fields = propertiesOf(schema?.['application/json']?.schema ?? {});
    expect(fields['input']).toMatchObject({ type: 'string', maxLength: 4096 });
    expect(fields['speed']).toMatchObject({ minimum: 0.25, maximum: 4, default: 1 });
    expect(fields['response_format']?.['enum']).toContain('opus');
    expect(fields['timestamp_granularities']).toMatchObject({
      items: { enum: ['word', 'sentence'] },
    });
  });

  test('says where the server is', async () => {
    expect(document.servers).toEqual([{ url: door.url }]);
    const behind = await Door.open({ debug: true, publicUrl: 'https://speech.example/chorus' });
    try {
      const { servers } = (await (await behind.get('/openapi.json')).json()) as OpenApiDocument;
      expect(servers).toEqual([{ url: 'https://speech.example/chorus' }]);
    } finally {
      await behind.close();
    }
  });
});

describe('examples', () => {
  const withExample = OPERATIONS.filter(({ body }) => body?.example !== undefined);

  test.each(withExample)('of $path pass their door’s checks', ({ body }: Operation) => {
    const { type, example = {}, schema, file } = body ?? {};
    const texts = Object.entries(example).filter(([name]) => name !== file?.name);
    const fields =
      type === 'multipart/form-data'
        ? formFields(new Map(texts.map(([name, value]) => [name, [String(value)]])))
        : example;
    expect(schema?.safeParse(fields).success).toBe(true);
  });

  test('there are for every JSON and form body', () => {
    const bodies = OPERATIONS.filter(({ body }) => body?.schema !== undefined);
    expect(bodies).toEqual(withExample);
  });
});

/** Paths of schemas that say nothing at all; `looseObject` and records may hold anything. */
function vagueFields(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([name, inner]) =>
    name === 'additionalProperties' || name === 'example'
      ? []
      : vagueFields(inner, `${at}/${name}`),
  );
  const schemas = Object.entries(propertiesOf(value as JsonSchema));
  const parameter = 'in' in value && 'schema' in value ? [['schema', value.schema] as const] : [];
  const empty = [...schemas, ...parameter].filter(([, schema]) => !saysWhat(schema as JsonSchema));
  return [...own, ...empty.map(([name]) => `${at}/${name}`)];
}

function saysWhat(schema: JsonSchema): boolean {
  return ['type', 'enum', 'const', 'anyOf', 'oneOf', '$ref'].some((word) => word in schema);
}
