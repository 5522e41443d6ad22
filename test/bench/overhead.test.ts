import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEmptyServer, type EmptyServer } from '../../bench/overhead/empty-server.js';
import { versionOf } from '../../bench/overhead/proxies.js';
import { haproxyConfig, nginxConfig } from '../../bench/overhead/proxy-configs.js';
import { wrongRefusals } from '../../bench/overhead/refusals.js';
import {
  proxiedBody,
  speechBody,
  SPEECH_ROUTE,
  workerBody,
  WORKER_ROUTE,
} from '../../bench/overhead/requests.js';
import { readWrk } from '../../bench/overhead/wrk.js';
import { readFrames } from '../../src/protocol/frames.js';

describe('the server with the empty engine', () => {
  let server: EmptyServer;
  beforeAll(async () => {
    server = await startEmptyServer({ workers: 2, cpus: undefined });
  });
  afterAll(() => server.stop());

  async function audioBytes(body: string): Promise<number> {
    const client = new Client('http://worker', { socketPath: server.sockets[0] ?? '' });
    const answer = await client.request({ method: 'POST', path: WORKER_ROUTE, body });
    let bytes = 0;
    for await (const frame of readFrames(answer.body)) {
      if (frame.kind === 'bytes') bytes += frame.bytes.byteLength;
    }
    await client.close();
    return bytes;
  }

  it('answers with as many bytes of audio as are asked for', async () => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: speechBody(1024) };
    const answer = await fetch(`${server.url}${SPEECH_ROUTE}`, init);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(1024);
  });

  it('has workers that answer the same samples, or as many bytes, without it', async () => {
    expect(server.sockets).toHaveLength(2);
    expect(await audioBytes(workerBody(1024))).toBe(2048);
    expect(await audioBytes(proxiedBody(1024))).toBe(1024);
  });

  it('tells its memory', async () => {
    const { heapBytes, rssBytes } = await server.memory();
    expect(heapBytes).toBeGreaterThan(1_000_000);
    expect(rssBytes).toBeGreaterThan(heapBytes);
  });
});

describe('the proxies', () => {
  const place = { port: 1, sockets: ['/a.sock', '/b.sock'], folder: '/f', user: 'root' };

  it('stand in front of every worker, with least connections', () => {
    for (const config of [haproxyConfig(place), nginxConfig(place)]) {
      expect(config).toMatch(/\/a\.sock[\s\S]*\/b\.sock/);
      expect(config).toMatch(/least_?conn/);
    }
  });

  it('run as whoever owns the sockets', () => {
    expect(nginxConfig(place)).toMatch(/^user root;/);
    expect(nginxConfig({ ...place, user: 'jo' })).not.toMatch(/^user/);
  });

  it('are asked for by the name of their Debian package where they are missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
    const missing = join(folder, 'haproxy');
    await expect(versionOf(missing)).rejects.toThrow(`Debian package ${missing}`);
    await rm(folder, { recursive: true });
  });
});

describe('readWrk', () => {
  it('finds our line among those of wrk', () => {
    const line = '{"requests":3,"seconds":1,"p50Ms":2,"p99Ms":3,"bytes":9,"failed":0}';
    expect(readWrk(`Running 1s test\n${line}\n`)).toMatchObject({ requests: 3, p99Ms: 3 });
    expect(() => readWrk('unable to connect')).toThrow('unable to connect');
  });
});

describe('wrongRefusals', () => {
  it('wants a 429 that tells when to come again', () => {
    const right = { status: 429, retryAfter: '1' };
    const wrong = [
      { status: 200, retryAfter: '1' },
      { status: 503, retryAfter: '1' },
      { status: 429, retryAfter: undefined },
      { status: 429, retryAfter: '' },
      { status: 429, retryAfter: '61' },
      { status: 429, retryAfter: '1.5' },
    ];
    expect(wrongRefusals([right, ...wrong])).toBe(wrong.length);
  });
});
