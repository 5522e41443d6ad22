import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { postJson } from '../../../src/http/outbound/post.js';

const servers: Server[] = [];
const rules = { timeoutMs: 30_000, allowHosts: ['127.0.0.1'] };

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('postJson', () => {
  test('posts the body as it is, with the headers given', async () => {
    const body = JSON.stringify({ text: '你好' });
    let got: unknown;
    const url = await serve((req, res) => {
      void (async () => {
        const { 'content-type': type, 'x-signature': signature } = req.headers;
        got = [req.method, await textOf(req), type, signature];
        res.writeHead(204).end();
      })();
    });
    const headers = { 'x-signature': 'abc' };
    expect(await postJson(url, { ...rules, body, headers })).toEqual({ status: 204 });
    expect(got).toEqual(['POST', body, 'application/json; charset=utf-8', 'abc']);
  });

  test('redirects are not followed', async () => {
    let asked = 0;
    const url = await serve((_, res) => {
      asked += 1;
      res.writeHead(307, { Location: 'http://169.254.169.254/' }).end();
    });
    expect(await postJson(url, { ...rules, body: '{}' })).toEqual({ status: 307 });
    expect(asked).toBe(1);
  });

  test('an endless answer, and one that stops, count by their status', async () => {
    const url = await serve((req, res) => {
      res.writeHead(500);
      if (req.headers['x-way'] === 'stops') return void res.write('a');
      const endless = (): void => {
        while (res.write(Buffer.alloc(65_536)));
        res.once('drain', endless);
      };
      return endless();
    });
    expect(await postJson(url, { ...rules, body: '{}' })).toEqual({ status: 500 });
    const stops = { body: '{}', headers: { 'x-way': 'stops' }, timeoutMs: 300 };
    expect(await postJson(url, { ...rules, ...stops })).toEqual({ status: 500 });
  });

  test('private hosts are refused, and who does not answer has a bound', async () => {
    const url = await serve(() => undefined);
    await expect(postJson(url, { ...rules, body: '', allowHosts: [] })).rejects.toMatchObject({
      code: 'forbidden_address',
    });
    await expect(postJson(url, { ...rules, body: '', timeoutMs: 50 })).rejects.toMatchObject({
      code: 'fetch_failed',
    });
  });
});
