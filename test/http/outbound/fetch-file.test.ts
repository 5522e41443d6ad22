import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FetchFileOptions, fetchToFile } from '../../../src/http/outbound/fetch-file.js';
import { ChorusError } from '../../../src/protocol/errors.js';

const LOOPBACK = ['127.0.0.1'];

let dir: string;
let path: string;
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-fetch-'));
  path = join(dir, 'fetched');
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
  await rm(dir, { recursive: true, force: true });
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fetched(url: string, options: Partial<FetchFileOptions> = {}) {
  const patience = { timeoutMs: 300_000, stallMs: 300_000 };
  const defaults = { path, maxBytes: 1_000_000, allowHosts: LOOPBACK, ...patience };
  return fetchToFile(url, { ...defaults, ...options });
}

/** Why it was refused; nothing of it may be left on disk. */
async function refusal(url: string, options: Partial<FetchFileOptions> = {}): Promise<ChorusError> {
  const error = await fetched(url, options).then(
    () => 'It was fetched.',
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ChorusError);
  expect(await readdir(dir)).toEqual([]);
  return error as ChorusError;
}

describe('fetchToFile', () => {
  test('fetches a file and asks for it as it is', async () => {
    const body = Buffer.alloc(300_000, 'ab');
    let asked: unknown;
    const url = await serve((req, res) => {
      asked = { ...req.headers, path: req.url };
      res.end(body);
    });
    expect(await fetched(`${url}/a.wav?b=c`)).toEqual({ bytes: body.length });
    expect(body.equals(await readFile(path))).toBe(true);
    expect(asked).toMatchObject({ path: '/a.wav?b=c', 'accept-encoding': 'identity' });
  });

  test('leaves a file alone that was there before', async () => {
    await writeFile(path, 'mine');
    const url = await serve((_, res) => res.end('theirs'));
    await expect(fetched(url)).rejects.toThrow(ChorusError);
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('refuses a host of this machine that nobody allowed', async () => {
    let asked = 0;
    const url = await serve((_, res) => res.end(String((asked += 1))));
    const named = url.replace('127.0.0.1', 'localhost');
    expect((await refusal(url, { allowHosts: [] })).code).toBe('forbidden_address');
    expect((await refusal(named, { allowHosts: [] })).code).toBe('forbidden_address');
    expect((await refusal(named)).code).toBe('forbidden_address');
    expect(asked).toBe(0);
  });

  test('asks for a name once and goes where it was found', async () => {
    let asked = 0;
    const url = await serve((req, res) => {
      asked += 1;
      res.end(req.headers.host);
    });
    const { port } = new URL(url);
    const named = `http://files.example:${port}/`;
    // Nobody listens at the first; a name that leads elsewhere a moment later must not count.
    const answers = ['127.0.0.2', '127.0.0.1'];
    const resolve = async () => [{ address: answers.shift() ?? 'none', family: 4 }];
    const allowHosts = ['files.example'];
    expect((await refusal(named, { allowHosts, resolve })).code).toBe('fetch_failed');
    expect(answers).toEqual(['127.0.0.1']);
    expect(asked).toBe(0);
    await fetched(named, { allowHosts, resolve });
    expect(await readFile(path, 'utf8')).toBe(`files.example:${port}`);
  });

  test('each redirect is checked like the first address', async () => {
    const targets: Record<string, string> = {
      '/metadata': 'http://169.254.169.254/latest/meta-data/',
      '/v6': 'http://[::ffff:127.0.0.1]/',
      '/name': '//localhost/',
      '/file': 'file:///etc/passwd',
      '/broken': 'http://[',
    };
    const url = await serve((req, res) => {
      res.writeHead(302, { Location: targets[req.url ?? ''] ?? '' }).end();
    });
    const codes = [];
    for (const target of Object.keys(targets)) codes.push((await refusal(url + target)).code);
    const refused = 'forbidden_address';
    expect(codes).toEqual([refused, refused, refused, refused, 'fetch_failed']);
  });

  test('a name that a redirect leads to and that leads home is refused', async () => {
    const url = await serve((_, res) => {
      res.writeHead(307, { Location: `http://rebind.example:${new URL(url).port}/inner` }).end();
    });
    const names: string[] = [];
    const resolve = async (name: string) => {
      names.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    expect((await refusal(url, { resolve })).code).toBe('forbidden_address');
    expect(names).toEqual(['rebind.example']);
  });

  test('three redirects are followed, four are not', async () => {
    const url = await serve((req, res) => {
      const left = Number(req.url?.slice(1));
      if (left === 0) res.end('there');
      else res.writeHead(301, { Location: `/${left - 1}` }).end('on you go');
    });
    expect((await refusal(`${url}/4`)).code).toBe('fetch_failed');
    expect(await fetched(`${url}/3`)).toEqual({ bytes: 5 });
  });

  test('what is too large is refused, said beforehand or not', async () => {
    const url = await serve((req, res) => {
      if (req.url === '/said') {
        res.writeHead(200, { 'Content-Length': 2_000_000 }).write('a');
        return;
      }
      const endless = (): void => {
        while (res.write(Buffer.alloc(65_536)));
        res.once('drain', endless);
      };
      endless();
    });
    const refused = { code: 'upload_too_large' };
    expect(await refusal(`${url}/said`)).toMatchObject(refused);
    expect(await refusal(`${url}/endless`)).toMatchObject(refused);
  });

  test('compressed answers are refused', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const url = await serve((req, res) => {
      if (req.url === '/coded') res.setHeader('Content-Encoding', 'gzip');
      else res.setHeader('Transfer-Encoding', 'gzip, chunked');
      res.end(bomb);
    });
    expect((await refusal(`${url}/coded`)).message).toMatch(/compressed/);
    expect((await refusal(`${url}/transferred`)).message).toMatch(/compressed/);
  });

  test('other statuses fail, and nothing of their text is told', async () => {
    const url = await serve((_, res) => res.writeHead(403, 'inner words').end('inner words'));
    const error = await refusal(url);
    const message = 'The address answers with status 403.';
    expect([error.code, error.message]).toEqual(['fetch_failed', message]);
  });

  test('a server that says nothing, one that stops and one that drips have bounds', async () => {
    const url = await serve((req, res) => {
      if (req.url === '/silent') return;
      res.write('a');
      if (req.url === '/stops') return;
      const drip = setInterval(() => res.write('a'), 10);
      res.once('close', () => clearInterval(drip));
    });
    const stalls = { stallMs: 100 };
    expect((await refusal(`${url}/silent`, stalls)).message).toMatch(/gave nothing/);
    expect((await refusal(`${url}/stops`, stalls)).message).toMatch(/gave nothing/);
    expect((await refusal(`${url}/drips`, { timeoutMs: 300 })).message).toMatch(/not done within/);
  });

  test('a name server that does not answer has bounds too', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const error = await refusal('http://a.example/', { resolve, timeoutMs: 50 });
    expect(error.code).toBe('fetch_failed');
  });

  test('answers that are no HTTP, or break off, fail', async () => {
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        const cut = data.toString().startsWith('GET /cut');
        socket.end(cut ? 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc' : 'SSH-2.0-inner\r\n');
      });
    });
    servers.push(tcp);
    await once(tcp.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    for (const way of ['/cut', '/ssh']) {
      const error = await refusal(url + way);
      expect(error.code).toBe('fetch_failed');
      expect(error.message).not.toMatch(/SSH|inner|abc/);
    }
  });

  test('its signal ends it', async () => {
    const controller = new AbortController();
    const url = await serve((_, res) => {
      res.write('a');
      controller.abort(new ChorusError('canceled', 'Enough.'));
    });
    expect((await refusal(url, { signal: controller.signal })).message).toBe('Enough.');
    expect((await refusal(url, { signal: controller.signal })).message).toBe('Enough.');
  });

  test('proxies of the environment are not asked', async () => {
    let proxied = 0;
    const proxy = await serve((_, res) => res.end(String((proxied += 1))));
    const url = await serve((_, res) => res.end('direct'));
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '1' });
    try {
      await fetched(url);
    } finally {
      process.env = before;
    }
    expect([await readFile(path, 'utf8'), proxied]).toEqual(['direct', 0]);
  });
});
