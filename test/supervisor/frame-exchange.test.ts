import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { bytesFrame, jsonFrame } from '../../src/protocol/frames.js';
import { FrameExchange } from '../../src/supervisor/frame-exchange.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let folder: string;
let server: Server;
let pool: Pool;
let answer: Answer;
let never: AbortSignal;

beforeEach(async () => {
  never = new AbortController().signal;
  folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  const socketPath = join(folder, 'sock');
  server = createServer((request, response) => answer(response, request));
  await once(server.listen(socketPath), 'listening');
  pool = new Pool('http://child', { socketPath });
});

afterEach(async () => {
  await pool.destroy();
  server.close();
  await rm(folder, { recursive: true });
});

function ask(signal = never, onBrokenOff?: () => void): FrameExchange {
  const broken = onBrokenOff === undefined ? {} : { onBrokenOff };
  return new FrameExchange(pool, { path: '/speech', body: '{}', signal, ...broken });
}

async function failureOf(exchange: FrameExchange): Promise<unknown> {
  try {
    for await (const frame of exchange) void frame;
  } catch (caught) {
    return caught;
  }
  return undefined;
}

describe('an exchange with a child', () => {
  it('gives the frames in their order, and ends with the answer', async () => {
    answer = (response, request) => {
      request.resume().on('end', () => {
        response.write(jsonFrame('start'));
        response.end(Buffer.concat([bytesFrame(Uint8Array.of(1, 2)), jsonFrame('done')]));
      });
    };
    const frames = [];
    let told = 0;
    for await (const frame of ask(never, () => (told += 1))) frames.push(frame);
    expect(frames).toEqual([
      { kind: 'json', value: 'start' },
      { kind: 'bytes', bytes: Buffer.from([1, 2]) },
      { kind: 'json', value: 'done' },
    ]);
    expect(told).toBe(0);
  });

  it.each([
    ['sound', bytesFrame(Buffer.alloc(64 * 1024))],
    ['words', jsonFrame('x'.repeat(64 * 1024))],
  ])('holds the child back while nobody reads its %s, and lets it go on', async (_, frame) => {
    const frames = 400;
    let written = 0;
    let isHeld = (): void => {};
    const held = new Promise<void>((resolve) => (isHeld = resolve));
    answer = (response) => {
      const write = (): void => {
        written += 1;
        const takesMore = response.write(frame);
        if (written === frames) response.end(isHeld);
        else if (takesMore) write();
        // When nothing drains for many turns of the loop, all buffers on the way are full.
        else awaitDrain(response, write, isHeld);
      };
      write();
    };
    const exchange = ask();
    await held;
    expect(written).toBeLessThan(frames);
    let read = 0;
    for await (const one of exchange) if (one) read += 1;
    expect(read).toBe(frames);
  });

  it('is broken off by its signal: at once here, and then in the child', async () => {
    let closed = Promise.resolve<unknown>(undefined);
    answer = (response) => {
      closed = once(response, 'close');
      response.write(jsonFrame('start'));
    };
    const leave = new AbortController();
    const reason = new ChorusError('canceled', 'The client closed the connection.');
    let told = 0;
    const exchange = ask(leave.signal, () => (told += 1));
    await exchange.next();
    const next = exchange.next();
    leave.abort(reason);
    await expect(next).rejects.toBe(reason);
    await closed;
    expect(told).toBe(1);
  });

  it('is broken off when its reader leaves', async () => {
    let closed = Promise.resolve<unknown>(undefined);
    answer = (response) => {
      closed = once(response, 'close');
      response.write(jsonFrame('start'));
    };
    let told = 0;
    for await (const frame of ask(never, () => (told += 1))) {
      expect(frame.kind).toBe('json');
      break;
    }
    await closed;
    expect(told).toBe(1);
  });

  it('that nobody wants any more is not begun', async () => {
    let asked = 0;
    answer = (response) => {
      asked += 1;
      response.end();
    };
    const failure = await failureOf(ask(AbortSignal.abort(new ChorusError('canceled', 'Gone.'))));
    expect(failure).toMatchObject({ code: 'canceled' });
    expect(await failureOf(ask())).toBeUndefined();
    expect(asked).toBe(1);
  });

  it('that ends in the middle of a frame has lost its child', async () => {
    answer = (response) => response.end(bytesFrame(Uint8Array.of(1, 2, 3)).subarray(0, 6));
    expect(await failureOf(ask())).toMatchObject({ code: 'replica_lost' });
  });

  it('fails when the connection breaks, and when the pool is destroyed', async () => {
    answer = (response) => {
      response.write(jsonFrame('start'), () => response.destroy());
    };
    expect(await failureOf(ask())).toBeInstanceOf(Error);
    answer = (response) => void response.write(jsonFrame('start'));
    const exchange = ask();
    await exchange.next();
    const ended = new ChorusError('replica_lost', 'The process has ended.');
    const failing = failureOf(exchange);
    await pool.destroy(ended);
    expect(await failing).toBe(ended);
  });
});

function awaitDrain(response: ServerResponse, onDrain: () => void, onHeld: () => void): void {
  let turns = 0;
  let isDrained = false;
  response.once('drain', () => {
    isDrained = true;
    onDrain();
  });
  const turn = (): void => {
    if (isDrained) return;
    turns += 1;
    if (turns < 500) setImmediate(turn);
    else onHeld();
  };
  turn();
}
