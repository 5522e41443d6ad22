import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CatalogueEntry } from '../../src/models/catalogue.js';
import { entryOf, loadCatalogue } from '../../src/models/catalogue.js';
import { modelState } from '../../src/models/model-state.js';
import type { PullEvent } from '../../src/models/pull/events.js';
import { pullModels } from '../../src/models/pull/pull.js';
import type { PullOptions } from '../../src/models/pull/pull.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { TestHub, Workshop } from '../support/hub.js';
import { sendContent, sha256, startHub, workshop } from '../support/hub.js';

const CONTENT = randomBytes(300_000);
const OTHER = randomBytes(300_000);
const hubs: TestHub[] = [];
let at: Workshop;

beforeEach(async () => {
  at = await workshop({ 'w.bin': CONTENT }, ['modelscope']);
  await changeCard((file) => ({ ...file, sha256: undefined, bytes: 290_000 }));
});
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
  await at.remove();
});

type CardFile = Record<string, unknown>;

async function changeCard(change: (file: CardFile) => CardFile): Promise<void> {
  const path = join(at.modelDir, 'model.yaml');
  const card = JSON.parse(await readFile(path, 'utf8')) as { files: CardFile[] };
  await writeFile(path, JSON.stringify({ ...card, files: card.files.map(change) }));
}

async function hub(answer: Parameters<typeof startHub>[0]): Promise<TestHub> {
  const started = await startHub(answer);
  hubs.push(started);
  return started;
}

/** A hub that sends one content to everybody. */
function sends(content: Buffer, headers: Readonly<Record<string, string>> = {}) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendContent(request, response, { content });
  };
}

async function pull(endpoint: string, more: Partial<PullOptions> = {}) {
  const notes: string[] = [];
  const report = (event: PullEvent): void => {
    if (event.type === 'note') notes.push(event.message);
  };
  const entry = entryOf(await loadCatalogue({ modelsDir: at.modelsDir }), 'own');
  const options = { cacheDir: at.cacheDir, hfEndpoint: endpoint, report, ...more };
  const offline = { modelScopeEndpoint: 'http://127.0.0.1:9' };
  const failure = await pullModels([entry], { ...offline, ...options }).then(
    () => undefined,
    (caught: unknown) => ChorusError.from(caught),
  );
  return { failure, notes, entry };
}

async function stateOf(entry: CatalogueEntry): Promise<string | undefined> {
  return (await modelState(entry)).files[0]?.state;
}

async function record(): Promise<unknown> {
  return JSON.parse(await readFile(join(at.modelDir, '.recorded.json'), 'utf8'));
}

describe('the first pull of a file whose card names no hash', () => {
  test('takes what comes, records it and says so', async () => {
    const server = await hub(sends(CONTENT));
    const { failure, notes, entry } = await pull(server.url);
    expect(failure).toBeUndefined();
    expect(notes).toHaveLength(1);
    for (const part of ['w.bin', 'no hash', 'huggingface', sha256(CONTENT), 'From now on']) {
      expect(notes[0]).toContain(part);
    }
    const recorded = { sha256: sha256(CONTENT), bytes: CONTENT.length, source: 'huggingface' };
    expect(await record()).toEqual({ files: { 'w.bin': recorded } });
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
    expect(await stateOf(entry)).toBe('verified');
    expect((await pull(server.url)).notes).toEqual([]);
    expect(server.calls).toHaveLength(1);
    expect(await readdir(join(at.cacheDir, 'partial'))).toEqual([]);
  });

  test('takes another hub where the first one does not answer', async () => {
    const mirror = await hub(sends(CONTENT));
    const { failure, notes } = await pull('http://127.0.0.1:9', { modelScopeEndpoint: mirror.url });
    expect(failure).toBeUndefined();
    expect(notes[0]).toContain('skipped huggingface: http://127.0.0.1:9 does not answer');
    expect(notes[1]).toContain('what came from modelscope is trusted and recorded');
  });

  test('fails in words, and records nothing, where no hub answers', async () => {
    const { failure } = await pull('http://127.0.0.1:9');
    expect(failure?.code).toBe('unavailable');
    expect(failure?.message).toMatch(/own: w\.bin could not be fetched:/);
    expect(failure?.message).toMatch(/huggingface: .* does not answer \(ECONNREFUSED\)/);
    expect(await readdir(at.modelDir)).not.toContain('.recorded.json');
    expect(await readdir(at.modelDir)).not.toContain('w.bin');
  });

  test('refuses content that is not what the hub itself declares', async () => {
    const server = await hub(sends(OTHER, { 'x-linked-etag': `"${sha256(CONTENT)}"` }));
    const { failure } = await pull(server.url);
    expect(failure?.code).toBe('model_failed');
    expect(failure?.message).toContain(sha256(OTHER));
    expect(await readdir(at.modelDir)).not.toContain('.recorded.json');
    expect(await readdir(at.modelDir)).not.toContain('w.bin');
  });

  test('passes a hub over that does not say how large the file is', async () => {
    const server = await hub((_request, response) => response.end(CONTENT));
    const chunked = await hub((_request, response) => {
      response.write(CONTENT);
      response.end();
    });
    expect((await pull(chunked.url)).notes[0]).toContain('does not say how large it is');
    expect((await pull(server.url)).failure).toBeUndefined();
  });

  test('never joins what broke off with the rest of another version', async () => {
    const server = await hub((request, response, call) => {
      if (call > 1) return sendContent(request, response, { content: OTHER, etag: '"two"' });
      response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000));
      void gathered(100_000).then(() => response.destroy());
    });
    expect((await pull(server.url)).failure).toBeUndefined();
    expect(server.calls[1]?.headers['if-range']).toBe('"one"');
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(OTHER));
  });

  test('trusts what the operator has put there, or gives with --from', async () => {
    await writeFile(join(at.modelDir, 'w.bin'), CONTENT);
    const placed = await pull('http://127.0.0.1:9');
    expect(placed.failure).toBeUndefined();
    expect(placed.notes[0]).toContain(sha256(CONTENT));
    await rm(join(at.modelDir, 'w.bin'));
    const from = join(at.dir, 'usb');
    await mkdir(from);
    await writeFile(join(from, 'w.bin'), OTHER);
    expect((await pull('http://127.0.0.1:9', { from })).failure?.code).toBe('model_failed');
    await rm(join(at.modelDir, '.recorded.json'));
    expect((await pull('http://127.0.0.1:9', { from })).failure).toBeUndefined();
    expect(await record()).toMatchObject({ files: { 'w.bin': { sha256: sha256(OTHER) } } });
  });
});

describe('a later pull of a file whose hash was recorded', () => {
  beforeEach(async () => {
    const server = await hub(sends(CONTENT));
    expect((await pull(server.url)).failure).toBeUndefined();
    await rm(at.cacheDir, { recursive: true });
  });

  test('fetches a spoilt file anew, and accepts nothing else', async () => {
    await writeFile(join(at.modelDir, 'w.bin'), OTHER);
    const changed = await pull((await hub(sends(OTHER))).url);
    expect(changed.failure?.code).toBe('model_failed');
    for (const part of ['first pull recorded', sha256(CONTENT), '.recorded.json']) {
      expect(changed.failure?.message).toContain(part);
    }
    expect(await stateOf(changed.entry)).toBe('unverified');
    const healed = await pull((await hub(sends(CONTENT))).url);
    expect(healed.failure).toBeUndefined();
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
  });

  test('passes a hub over that declares another version, and says what to do', async () => {
    await rm(join(at.modelDir, 'w.bin'));
    const declared = { 'x-linked-etag': `"${sha256(OTHER)}"` };
    const { failure, notes } = await pull((await hub(sends(OTHER, declared))).url);
    expect(notes[0]).toContain('another version of it than the first pull recorded');
    expect(failure?.code).toBe('unavailable');
    expect(failure?.message).toContain('remove .recorded.json');
  });

  test('trusts nothing anew because its record is damaged', async () => {
    await writeFile(join(at.modelDir, '.recorded.json'), '{');
    const { failure } = await pull((await hub(sends(CONTENT))).url);
    expect(failure?.code).toBe('model_failed');
    expect(failure?.message).toMatch(/\.recorded\.json, is damaged/);
  });

  test('a hash that the card names since then counts before the record', async () => {
    await changeCard((file) => ({ ...file, sha256: sha256(OTHER), bytes: OTHER.length }));
    expect((await pull((await hub(sends(OTHER))).url)).failure).toBeUndefined();
    expect(sha256(await readFile(join(at.modelDir, 'w.bin')))).toBe(sha256(OTHER));
  });
});

/** Waits until the client has put so many bytes on its disk. */
async function gathered(bytes: number): Promise<void> {
  const dir = join(at.cacheDir, 'partial');
  await vi.waitFor(async () => {
    const name = (await readdir(dir)).find((one) => !/\.(?:json|lock)$/.test(one));
    expect((await stat(join(dir, name ?? ''))).size).toBe(bytes);
  }, 10_000);
}
