import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../src/protocol/errors.js';
import type { TranscriptionRequest } from '../../src/protocol/requests.js';
import { Door, errorOf } from '../support/door.js';
import { openForm } from '../support/form.js';
import { segment } from '../support/transcript.js';

const ROUTE = '/v1/audio/transcriptions';
const speech = new Blob([Buffer.alloc(32_000, 1)]);

let door: Door;
beforeEach(async () => {
  door = await Door.open();
  door.router.script = {
    async *hear() {
      yield { type: 'start', language: 'en' };
      yield { type: 'done' };
    },
  };
});
afterEach(async () => {
  expect(await door.spooled()).toEqual([]);
  await door.close();
});

function url(): string {
  return `${door.url}${ROUTE}`;
}

function releases(): number[] {
  return door.router.leases.map((lease) => lease.releases);
}

describe('an upload over the cap', () => {
  test('is refused before a byte of it is read if it says so', async () => {
    const request = openForm(url(), { headers: { 'Content-Length': 20 * 1024 * 1024 } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe('close');
    expect(await text(response)).toMatch(/upload_too_large/);
    const handled = door.handled();
    request.destroy();
    await handled;
  });

  test('is not even asked for by a client that waits', async () => {
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    socket.write(
      `POST ${ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=cut\r\n` +
        'Content-Length: 20000000\r\nExpect: 100-continue\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 413 /);
    const handled = door.handled();
    socket.destroy();
    await handled;
  });

  test('is refused while it arrives, and the client sees the answer', async () => {
    const request = openForm(url());
    const bytes = Buffer.alloc(20 * 1024 * 1024);
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const handled = door.handled();
    // A client that sends everything before it looks for the answer.
    await new Promise<void>((resolve) => request.write(bytes, () => resolve()));
    request.end('\r\n--cut--\r\n');
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    expect(await text(response)).toMatch(/1048576 bytes/);
    await handled;
  });

  test('by one byte is refused', async () => {
    const file = new Blob([Buffer.alloc(1024 * 1024 + 1)]);
    const response = await door.postForm(ROUTE, [['file', file]]);
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: 'upload_too_large', param: 'file' });
  });

  test('is refused under a name that nobody reads, too', async () => {
    const request = openForm(url(), { field: 'ignored' });
    const handled = door.handled();
    request.end(Buffer.alloc(3 * 1024 * 1024));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    response.resume();
    await handled;
  });

  test('by nothing is welcome', async () => {
    const file = new Blob([Buffer.alloc(1024 * 1024)]);
    const response = await door.postForm(ROUTE, [
      ['file', file],
      ['model', 'whisper-1'],
    ]);
    expect(response.status).toBe(200);
  });
});

describe('a client that leaves', () => {
  test('in the middle of the upload leaves no file', async () => {
    const request = openForm(url());
    request.write(Buffer.alloc(200_000));
    while (!(await door.spooled()).some((name) => name.endsWith('file'))) {
      await new Promise(setImmediate);
    }
    const handled = door.handled();
    request.destroy();
    await handled;
    expect(door.router.leases).toEqual([]);
  });

  test('while it is being heard stops the work', async () => {
    let pcmPath = '';
    const leaving = new AbortController();
    door.router.script = {
      async *hear({ asked }, signal) {
        pcmPath = (asked[0] as TranscriptionRequest).pcmPath;
        leaving.abort();
        await once(signal, 'abort');
        yield { type: 'error', error: new ChorusError('canceled', 'Stopped.').toWire() };
      },
    };
    const handled = door.handled();
    const form = new FormData();
    form.append('file', speech);
    form.append('model', 'whisper-1');
    const init = { method: 'POST', body: form, signal: leaving.signal };
    await expect(door.get(ROUTE, init)).rejects.toThrow();
    await handled;
    expect(pcmPath).not.toBe('');
    expect(existsSync(pcmPath)).toBe(false);
    expect(releases()).toEqual([1]);
  });
});

test('an upload is never in memory as a whole', async () => {
  await door.close();
  door = await Door.open({ maxUploadBytes: 512 * 1024 * 1024 });
  let heldBytes = 0;
  door.media.decode = async () => {
    heldBytes = process.memoryUsage().arrayBuffers;
    throw new ChorusError('undecodable_audio', 'No audio.');
  };
  const request = openForm(url());
  const part = Buffer.alloc(1024 * 1024);
  const parts = 192;
  for (let sent = 0; sent < parts; sent += 1) {
    await new Promise<void>((resolve) => request.write(part, () => resolve()));
  }
  const model = 'Content-Disposition: form-data; name="model"';
  request.end(`\r\n--cut\r\n${model}\r\n\r\nwhisper-1\r\n--cut--\r\n`);
  const handled = door.handled();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await handled;
  expect(response.statusCode).toBe(400);
  expect(heldBytes).toBeGreaterThan(0);
  // Half of the upload: far above what waits for the garbage collector, far below a leak.
  expect(heldBytes).toBeLessThan((parts / 2) * 1024 * 1024);
});

describe('a broken form', () => {
  const part = (name: string) => `--cut\r\nContent-Disposition: form-data; name="${name}"`;
  const form = Buffer.from(
    `${part('file')}; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nsound\r\n` +
      `${part('model')}\r\n\r\nwhisper-1\r\n--cut--\r\n`,
  );

  async function statusOf(body: Buffer): Promise<number> {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=cut' };
    const handled = door.handled();
    const response = await fetch(url(), { method: 'POST', body: new Uint8Array(body), headers });
    await response.arrayBuffer();
    await handled;
    return response.status;
  }

  test('is refused wherever it is cut off', async () => {
    const end = form.lastIndexOf('--');
    for (let cut = 0; cut < end; cut += 1) {
      expect([cut, await statusOf(form.subarray(0, cut))]).toEqual([cut, 400]);
    }
    expect(await statusOf(form)).toBe(200);
  });

  test('is answered whatever its bytes are', async () => {
    const byte = fc.nat(255);
    const damage = fc.array(fc.tuple(fc.nat(form.length - 1), byte), { minLength: 1 });
    const property = fc.asyncProperty(damage, async (changes) => {
      const body = Buffer.from(form);
      for (const [at, value] of changes) body[at] = value;
      expect([200, 400, 404]).toContain(await statusOf(body));
      expect(await door.spooled()).toEqual([]);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

test('eight uploads at once stay apart', async () => {
  door.router.script = {
    async *hear({ asked }) {
      const bytes = readFileSync((asked[0] as TranscriptionRequest).pcmPath);
      yield { type: 'start', language: 'en' };
      yield { type: 'segment', segment: segment(0, 0, 1, `${bytes[0]}`) };
      yield { type: 'done' };
    },
  };
  const texts = Array.from({ length: 8 }, async (_, index) => {
    const file = new Blob([Buffer.alloc(300_000, index + 1)]);
    const response = await door.postForm(ROUTE, [
      ['file', file],
      ['model', 'whisper-1'],
      ['response_format', 'text'],
    ]);
    return (await response.text()).trim();
  });
  expect(await Promise.all(texts)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
});
