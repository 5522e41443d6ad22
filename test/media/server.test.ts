import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';

import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import type { EncoderStream } from '../../src/media/encoder-stream.js';
import { createMediaServer } from '../../src/media/server.js';
import type { FromChild, ToChild } from '../../src/protocol/control.js';
import type { EncodeRequest, MediaClient } from '../../src/protocol/media.js';
import { createMediaClient } from '../../src/supervisor/media-client.js';
import { decodeBytes, Scratch } from '../support/codecs.js';
import { fitSine, floatBytes, fromS16, sine } from '../support/sine.js';

const RATE_HZ = 24_000;
const PCM: EncodeRequest = {
  format: 'pcm',
  inputSampleRateHz: RATE_HZ,
  outputSampleRateHz: RATE_HZ,
};
const never = new AbortController().signal;

let scratch: Scratch;
let codecs: Codecs;
let opened: EncoderStream[];
let server: Server;
let pool: Pool;
let client: MediaClient;
beforeAll(async () => {
  scratch = await Scratch.create();
  codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
  opened = [];
  // Real codecs, with an eye on the encoders that the server opens.
  const watched: Codecs = {
    ...codecs,
    openEncoder(request) {
      const stream = codecs.openEncoder(request);
      opened.push(stream);
      return stream;
    },
  };
  server = createMediaServer({ codecs: watched });
  const socketPath = scratch.path('sock');
  server.listen(socketPath);
  await once(server, 'listening');
  pool = new Pool('http://child', { socketPath, pipelining: 1 });
  client = createMediaClient(pool);
});
afterAll(async () => {
  await pool.destroy();
  server.close();
  await codecs.close();
  await scratch.remove();
});

/** A source that is fed by hand. */
class Source implements AsyncIterable<Uint8Array> {
  readonly #steps: (Uint8Array | Error | undefined)[] = [];
  #wake = (): void => {};
  returned = false;

  give(step: Uint8Array | Error | undefined): void {
    this.#steps.push(step);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        while (this.#steps.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const step = this.#steps.shift();
        if (step === undefined) return;
        if (step instanceof Error) throw step;
        yield step;
      }
    } finally {
      this.returned = true;
    }
  }
}

/** Resolves when the encoder that the server opened last has been given up. */
async function encoderGone(): Promise<void> {
  const stream = opened.at(-1);
  for (;;) {
    try {
      await stream?.write(new Uint8Array(4));
      await new Promise((resolve) => setImmediate(resolve));
    } catch {
      return;
    }
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('encode', () => {
  test('answers while the source is open, and ends when it ends', async () => {
    const source = new Source();
    const answer = client.encode(PCM, source, never)[Symbol.asyncIterator]();
    const tone = sine({ rateHz: RATE_HZ, seconds: 0.5 });
    source.give(floatBytes(tone));
    let got = 0;
    while (got < tone.length * 2) got += (await answer.next()).value?.length ?? 0;
    source.give(floatBytes(tone));
    source.give(undefined);
    for (let next = await answer.next(); next.done !== true; next = await answer.next()) {
      got += next.value.length;
    }
    expect(got).toBe(tone.length * 4);
  });

  test('carries every format whole', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 5; i += 1) yield floatBytes(sine({ rateHz: RATE_HZ, seconds: 0.2 }));
    }
    for (const format of ['wav', 'mp3', 'flac', 'opus'] as const) {
      const bytes = await collect(client.encode({ ...PCM, format }, source(), never));
      const { samples } = await decodeBytes(codecs, scratch, { bytes, rateHz: RATE_HZ });
      expect(samples.length).toBeGreaterThanOrEqual(RATE_HZ);
      const { amplitude } = fitSine(samples.slice(6_000, 18_000), RATE_HZ, 440);
      expect(amplitude).toBeCloseTo(0.5, 1);
    }
  });

  test("gives the source's own error to the reader", async () => {
    const source = new Source();
    const answer = client.encode(PCM, source, never)[Symbol.asyncIterator]();
    source.give(new Uint8Array(4_000));
    expect((await answer.next()).done).toBe(false);
    const failure = new Error('the worker is gone');
    source.give(failure);
    const rest = (async () => {
      for (let next = await answer.next(); next.done !== true;) next = await answer.next();
    })();
    await expect(rest).rejects.toBe(failure);
    await encoderGone();
  });

  test("gives the source's own error even before the first byte", async () => {
    const source = new Source();
    const failure = new Error('nothing to say');
    source.give(failure);
    const next = client.encode(PCM, source, never)[Symbol.asyncIterator]().next();
    await expect(next).rejects.toBe(failure);
  });

  test('frees encoder and source when the reader leaves', async () => {
    const source = new Source();
    source.give(new Uint8Array(4_000));
    for await (const chunk of client.encode(PCM, source, never)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await encoderGone();
    source.give(new Uint8Array(4));
    while (!source.returned) await new Promise((resolve) => setImmediate(resolve));
  });

  test('stops when the signal says so', async () => {
    const source = new Source();
    const abort = new AbortController();
    const answer = client.encode(PCM, source, abort.signal)[Symbol.asyncIterator]();
    source.give(new Uint8Array(4_000));
    await answer.next();
    abort.abort();
    await expect(answer.next()).rejects.toMatchObject({ code: 'canceled' });
    await encoderGone();
  });

  test('a slow reader holds the source back', async () => {
    let given = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; given < 400; given += 1) yield new Uint8Array(128 * 1024);
    }
    const answer = client.encode(PCM, source(), never)[Symbol.asyncIterator]();
    let got = (await answer.next()).value?.length ?? 0;
    // Another whole exchange through the same thread: by then the first one has come to a stop.
    for (let i = 0; i < 5; i += 1) await collect(client.encode(PCM, endsAtOnce(), never));
    expect(given).toBeLessThan(100);
    for (let next = await answer.next(); next.done !== true; next = await answer.next()) {
      got += next.value.length;
    }
    expect(got).toBe(400 * 64 * 1024);
  });

  test("passes an encoder's failure on", async () => {
    const bad = { format: 'flac', inputSampleRateHz: 1e9, outputSampleRateHz: 1e9 } as const;
    await expect(collect(client.encode(bad, endsAtOnce(), never))).rejects.toMatchObject({
      code: 'internal',
    });
  });
});

async function* endsAtOnce(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(4_000);
}

describe('decode', () => {
  test('answers what the file is', async () => {
    const bytes = await collect(client.encode({ ...PCM, format: 'wav' }, endsAtOnce(), never));
    const inputPath = await scratch.file(bytes);
    const outputPath = scratch.path('pcm');
    const request = { inputPath, outputPath, sampleRateHz: RATE_HZ };
    expect(await client.decode(request, never)).toEqual({
      format: 'wav',
      samples: 1_000,
      durationSeconds: 1_000 / RATE_HZ,
    });
    expect(fromS16(await readFile(outputPath))).toHaveLength(1_000);
  });

  test('carries the error over', async () => {
    const inputPath = await scratch.file(Buffer.from('not audio at all'));
    const outputPath = scratch.path('pcm');
    const decoded = client.decode({ inputPath, outputPath, sampleRateHz: RATE_HZ }, never);
    await expect(decoded).rejects.toMatchObject({
      code: 'undecodable_audio',
      status: 400,
      details: { param: 'file' },
    });
    expect(existsSync(outputPath)).toBe(false);
  });
});

test('a client that leaves in the middle of a decode stops it', async () => {
  const wav = Buffer.concat([
    await collect(client.encode({ ...PCM, format: 'wav' }, endsAtOnce(), never)),
    Buffer.alloc(40_000_000),
  ]);
  const inputPath = await scratch.file(wav);
  const outputPath = scratch.path('pcm');
  const abort = new AbortController();
  const request = { inputPath, outputPath, sampleRateHz: 16_000 };
  const decoded = client.decode(request, abort.signal);
  const refused = expect(decoded).rejects.toMatchObject({ code: 'canceled' });
  while (!existsSync(outputPath)) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await refused;
  while (existsSync(outputPath)) await new Promise((resolve) => setImmediate(resolve));
});

describe('a media process that dies', () => {
  async function startMedia(): Promise<{ child: ChildProcess; pool: Pool }> {
    const socketPath = scratch.path('sock');
    const entry = new URL('../../src/media/main.js', import.meta.url);
    const child = fork(entry, { serialization: 'advanced' });
    const say = (message: ToChild): boolean => child.send(message);
    await new Promise<void>((resolve) => {
      child.on('message', (message: FromChild) => {
        const init = {
          role: 'media',
          supervisorPid: process.pid,
          socketPath,
          decodeThreads: 1,
          encodeThreads: 1,
        } as const;
        if (message.type === 'online') say({ type: 'init', init });
        if (message.type === 'ready') resolve();
      });
    });
    return { child, pool: new Pool('http://child', { socketPath, pipelining: 1 }) };
  }

  test('fails the encodings and decodings that it owed', async () => {
    const media = await startMedia();
    const own = createMediaClient(media.pool);
    const source = new Source();
    source.give(new Uint8Array(4_000));
    const answer = own.encode(PCM, source, never)[Symbol.asyncIterator]();
    expect((await answer.next()).done).toBe(false);
    media.child.kill('SIGKILL');
    await expect(answer.next()).rejects.toMatchObject({ code: 'replica_lost' });
    const request = { inputPath: '/none', outputPath: '/none', sampleRateHz: RATE_HZ };
    await expect(own.decode(request, never)).rejects.toMatchObject({ code: 'replica_lost' });
    await media.pool.destroy();
  });

  test('ends when it is asked to', async () => {
    const media = await startMedia();
    const exited = once(media.child, 'exit');
    media.child.send({ type: 'stop' } satisfies ToChild);
    expect(await exited).toEqual([0, null]);
    await media.pool.destroy();
  });
});
