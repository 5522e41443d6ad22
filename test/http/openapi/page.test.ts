import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../src/http/openapi/document.js';
import { OPERATIONS, SOCKET_OPERATIONS } from '../../../src/http/openapi/operations.js';
import { docsPage } from '../../../src/http/openapi/page.js';
import { Door } from '../../support/door.js';

/** Elements that have no end tag. */
const VOID = new Set(['meta', 'br']);

describe('the page', () => {
  let door: Door;
  let answer: Response;
  let page: string;
  beforeAll(async () => {
    door = await Door.open({ debug: true });
    answer = await door.get('/docs');
    page = await answer.text();
  });
  afterAll(() => door.close());

  test('is HTML whose style the policy allows, and allows nothing else', () => {
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(answer.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  test('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<(?:script|link|img|iframe|object|form)\b/i);
    expect(page).not.toMatch(/\s(?:src|style|on\w+)=/i);
    const targets = [...page.matchAll(/href="([^"]*)"/g)].map(([, target]) => target ?? '');
    const outside = targets.filter((target) => !target.startsWith('#'));
    expect(outside).toEqual([`${door.url}/openapi.json`]);
  });

  test('closes every element that it opens, in order', () => {
    const open: string[] = [];
    for (const [, slash, name = ''] of page.matchAll(/<(\/?)([a-z]\w*)\b[^>]*>/gi)) {
      if (VOID.has(name)) continue;
      if (slash === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('shows every route, and links to it from its index', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    for (const { id, path } of OPERATIONS) {
      expect(ids).toContain(id);
      expect(page).toContain(path);
    }
    for (const { path } of SOCKET_OPERATIONS) expect(page).toContain(path);
    for (const link of links) expect(ids).toContain(link);
    expect(links.length).toBeGreaterThan(OPERATIONS.length);
  });

  test('tells fields with their bounds, and a command that works', () => {
    expect(page).toContain('0.25–4; <code>1</code> unless set');
    expect(page).toContain('at most 4096 characters');
    expect(page).toContain('segments[].avg_logprob');
    expect(page).toContain(`curl &#39;${door.url}/v1/audio/transcriptions&#39;`);
    expect(page).toContain('-F &#39;file=@speech.mp3&#39;');
    expect(page).not.toContain('undefined');
    expect(page).not.toContain('[object');
  });
});

test('nothing in a document becomes markup', () => {
  const evil = '"><script>alert(1)</script>';
  const [operation] = OPERATIONS;
  const document = openApiDocument({
    version: evil,
    operations: [{ ...operation!, summary: evil, description: `\`${evil}\``, path: `/${evil}` }],
    sockets: [{ path: `/${evil}`, tag: 'NLS', summary: evil, description: evil, guard: 'nls' }],
    url: `http://${evil}`,
  });
  const page = docsPage(document, { needsKey: true });
  expect(page).toContain('&quot;&gt;&lt;script&gt;');
  expect(page).not.toContain('<script');
});

describe('a door with keys', () => {
  let door: Door;
  beforeAll(async () => {
    door = await Door.open({ debug: true, apiKeys: ['key:of-a-client'], adminKeys: ['operator'] });
  });
  afterAll(() => door.close());

  function basic(user: string, password: string): string {
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  test.each(['/docs', '/openapi.json', '/DOCS', '/docs/'])(
    'lets readers of %s in',
    async (path) => {
      for (const authorization of [
        'Bearer key:of-a-client',
        'Bearer operator',
        basic('anybody', 'key:of-a-client'),
        basic('', 'key:of-a-client'),
      ]) {
        expect((await door.get(path, { headers: { authorization } })).status).toBe(200);
      }
      expect((await door.get(path, { headers: { 'api-key': 'key:of-a-client' } })).status).toBe(
        200,
      );
    },
  );

  test.each([
    undefined,
    'Bearer other',
    basic('key:of-a-client', 'wrong'),
    basic('key:of-a-client', ''),
    'Basic !!!',
    'Basic',
  ])('asks a browser for a key after %s', async (authorization) => {
    const answer = await door.get('/docs', { headers: authorization ? { authorization } : {} });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Chorus", charset="UTF-8"');
    expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
  });

  test('takes a password nowhere else, so that no page can use what a browser keeps', async () => {
    const headers = { authorization: basic('anybody', 'key:of-a-client') };
    expect((await door.get('/v1/models', { headers })).status).toBe(401);
  });

  test('shows commands that present a key', async () => {
    const headers = { authorization: 'Bearer operator' };
    const page = await (await door.get('/docs', { headers })).text();
    expect(page).toContain('Authorization: Bearer $API_KEY');
  });
});
