import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { entryOf, loadCatalogue } from '../../src/models/catalogue.js';
import { modelState } from '../../src/models/model-state.js';
import type { PullEvent } from '../../src/models/pull/events.js';
import { pullModels } from '../../src/models/pull/pull.js';
import type { PullOptions } from '../../src/models/pull/pull.js';
import { sendContent, sha256, startHub, workshop } from '../support/hub.js';
import type { TestHub, Workshop } from '../support/hub.js';

const CONTENT = randomBytes(300_000);
const open: { hubs: TestHub[]; shops: Workshop[] } = { hubs: [], shops: [] };

afterEach(async () => {
  await Promise.all(open.hubs.splice(0).map((hub) => hub.close()));
  await Promise.all(open.shops.splice(0).map((shop) => shop.remove()));
});

async function hub(...args: Parameters<typeof startHub>): Promise<TestHub> {
  const started = await startHub(...args);
  open.hubs.push(started);
  return started;
}

async function shop(files: Readonly<Record<string, Buffer>> = { 'w.bin': CONTENT }) {
  const made = await workshop(files);
  open.shops.push(made);
  return made;
}

async function pull(at: Workshop, endpoint: string, more: Partial<PullOptions> = {}) {
  const notes: string[] = [];
  const report = (event: PullEvent): void => {
    if (event.type === 'note') notes.push(event.message);
  };
  const catalogue = await loadCatalogue({ modelsDir: at.modelsDir });
  const entry = entryOf(catalogue, 'own');
  const options = { cacheDir: at.cacheDir, hfEndpoint: endpoint, report, ...more };
  const failure = await pullModels([entry], options).then(
    () => undefined,
    (caught: unknown) => caught as Error & { readonly code: string },
  );
  return { failure, notes, entry };
}

/** Waits until the client has put so many bytes on its disk. */
async function gathered(at: Workshop, bytes: number): Promise<void> {
  const partial = join(at.cacheDir, 'partial', sha256(CONTENT));
  await vi.waitFor(async () => expect((await stat(partial)).size).toBe(bytes), 10_000);
}

describe('pulling from a hub', () => {
  test('lays the file beside the card, verified, and asks nothing the next time', async () => {
    const at = await shop();
    const server = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const { failure, entry } = await pull(at, server.url);
    expect(failure).toBeUndefined();
    expect(server.calls.map((call) => call.url)).toEqual(['/us/own/resolve/main/w.bin']);
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
    expect((await modelState(entry)).files.map((one) => one.state)).toEqual(['verified']);
    expect((await pull(at, server.url)).failure).toBeUndefined();
    expect(server.calls).toHaveLength(1);
  });

  test('resumes a download that broke off, with Range and If-Range', async () => {
    const at = await shop();
    const server = await hub((request, response, call) => {
      if (call > 1) return sendContent(request, response, { content: CONTENT });
      response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000));
      void gathered(at, 100_000).then(() => response.destroy());
    });
    expect((await pull(at, server.url)).failure).toBeUndefined();
    expect(server.calls).toHaveLength(2);
    expect(server.calls[1]?.headers.range).toBe('bytes=100000-');
    expect(server.calls[1]?.headers['if-range']).toBe('"one"');
  });

  test('starts over when the hub has another version or knows no ranges', async () => {
    const at = await shop();
    const server = await hub((request, response, call) => {
      if (call > 1) return sendContent(request, response, { content: CONTENT, etag: '"two"' });
      response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length });
      response.write(randomBytes(100_000));
      void gathered(at, 100_000).then(() => response.destroy());
    });
    expect((await pull(at, server.url)).failure).toBeUndefined();
    expect(server.calls[1]?.headers.range).toBe('bytes=100000-');
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
  });

  test('refuses wrong content and leaves no half file', async () => {
    const at = await shop();
    const wrong = randomBytes(CONTENT.length);
    const server = await hub((request, response) =>
      sendContent(request, response, { content: wrong }),
    );
    const { failure } = await pull(at, server.url);
    expect(failure?.code).toBe('model_failed');
    for (const part of ['w.bin', 'huggingface', sha256(CONTENT), sha256(wrong), '--from']) {
      expect(failure?.message).toContain(part);
    }
    expect(await readdir(at.modelDir)).not.toContain('w.bin');
    expect(await readdir(join(at.cacheDir, 'sha256'))).toEqual([]);
    expect(await readdir(join(at.cacheDir, 'partial'))).toEqual([]);
    expect(await readdir(at.modelDir)).not.toContain('.pull.lock');
  });

  test('passes a source over that declares another hash, without fetching it', async () => {
    const at = await shop();
    const elsewhere = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const server = await hub((_request, response) => {
      response.writeHead(302, {
        location: `${elsewhere.url}/blob`,
        'x-linked-etag': `"${'0'.repeat(64)}"`,
      });
      response.end();
    });
    const { failure, notes } = await pull(at, server.url);
    expect(failure?.code).toBe('unavailable');
    expect(notes).toEqual(['w.bin: skipped huggingface: holds another version of it']);
  });

  test('says 404 in one line', async () => {
    const at = await shop();
    const server = await hub((_request, response) => response.writeHead(404).end('no'));
    const { failure, notes } = await pull(at, server.url);
    expect(notes).toEqual(['w.bin: skipped huggingface: has no such file (404)']);
    expect(failure?.code).toBe('unavailable');
    expect(failure?.message).toContain('--from');
  });

  test('shows the token to the hub and to no other host', async () => {
    const at = await shop();
    const elsewhere = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const server = await hub((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/blob` }).end();
    });
    const { failure } = await pull(at, server.url, { hfToken: 'hf_secret' });
    expect(failure).toBeUndefined();
    expect(server.calls[0]?.headers.authorization).toBe('Bearer hf_secret');
    expect(elsewhere.calls).toHaveLength(1);
    expect(elsewhere.calls[0]?.headers.authorization).toBeUndefined();
  });

  test('tries a hub that does not answer once in a pull', async () => {
    const at = await workshop({ 'w.bin': CONTENT, 'x.bin': CONTENT.subarray(1) }, ['modelscope']);
    open.shops.push(at);
    const mirror = await hub((request, response) => {
      const content = request.url?.endsWith('x.bin') === true ? CONTENT.subarray(1) : CONTENT;
      sendContent(request, response, { content });
    });
    const silent = await startHub(() => undefined);
    await silent.close();
    const { failure, notes } = await pull(at, silent.url, { modelScopeEndpoint: mirror.url });
    expect(failure).toBeUndefined();
    expect(mirror.calls.map((call) => call.url)).toEqual([
      '/models/us/own/resolve/master/w.bin',
      '/models/us/own/resolve/master/x.bin',
    ]);
    expect(notes).toEqual([
      `w.bin: skipped huggingface: ${silent.url} does not answer (ECONNREFUSED)`,
    ]);
  });

  test('takes a file from the cache instead, and heals a spoilt cache', async () => {
    const at = await shop();
    const server = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const cached = join(at.cacheDir, 'sha256', sha256(CONTENT));
    await mkdir(join(at.cacheDir, 'sha256'), { recursive: true });
    await writeFile(cached, CONTENT);
    expect((await pull(at, server.url)).failure).toBeUndefined();
    expect(server.calls).toHaveLength(0);
    const again = await shop();
    await mkdir(join(again.cacheDir, 'sha256'), { recursive: true });
    await writeFile(join(again.cacheDir, 'sha256', sha256(CONTENT)), randomBytes(CONTENT.length));
    expect((await pull(again, server.url)).failure).toBeUndefined();
    expect(server.calls).toHaveLength(1);
    expect(sha256(await readFile(join(again.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
  });

  test('replaces a file that is not the one of the card', async () => {
    const at = await shop();
    await writeFile(join(at.modelDir, 'w.bin'), randomBytes(CONTENT.length));
    const server = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const { failure, notes } = await pull(at, server.url);
    expect(failure).toBeUndefined();
    expect(notes[0]).toContain('not the file of the card');
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
  });

  test('says that the disk is too small before it asks anybody', async () => {
    const at = await shop();
    const server = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const { failure } = await pull(at, server.url, { freeBytes: async () => 299_999 });
    expect(failure?.code).toBe('storage_full');
    expect(failure?.message).toContain('300.0 kB are needed');
    expect(server.calls).toHaveLength(0);
    const fits = await pull(at, server.url, { freeBytes: async () => 300_000 });
    expect(fits.failure).toBeUndefined();
  });

  test('takes files from a local folder and from nowhere else', async () => {
    const at = await shop();
    const server = await hub((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    const from = join(at.dir, 'usb');
    await mkdir(from);
    const absent = await pull(at, server.url, { from });
    expect(absent.failure?.code).toBe('unavailable');
    await writeFile(join(from, 'w.bin'), randomBytes(CONTENT.length));
    const wrong = await pull(at, server.url, { from });
    expect(wrong.failure?.code).toBe('model_failed');
    await writeFile(join(from, 'w.bin'), CONTENT);
    expect((await pull(at, server.url, { from })).failure).toBeUndefined();
    expect(server.calls).toHaveLength(0);
  });
});
