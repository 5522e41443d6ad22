import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { bytesFrame, type Frame, jsonFrame, readFrames } from '../../src/protocol/frames.js';
import { LiveAudio } from '../../src/protocol/live-audio.js';
import type { LiveEvent } from '../../src/protocol/live.js';
import { NO_SPAN } from '../../src/protocol/trace.js';
import { BrokenCalls } from '../../src/supervisor/broken-calls.js';
import { createWorkerClient, type WorkerClient } from '../../src/supervisor/worker-client.js';
import { eventually } from '../support/eventually.js';

const PIECE_BYTES = 16_000;
const request = { model: 'live', sampleRateHz: 16_000 };
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chorus-live\r\n\r\n';

/** A live call at a child that does what each test says, on a real socket. */
describe('a live call on its connection', () => {
  let folder: string;
  let server: Server;
  let pool: Pool;
  let client: WorkerClient;
  let sockets: Socket[];
  let asked: string[];
  let broken: number;
  let leave: AbortController;

  beforeEach(async () => {
    [sockets, asked, broken, leave] = [[], [], 0, new AbortController()];
    folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
    const socketPath = join(folder, 'sock');
    server = createServer();
    server.on('upgrade', (_, socket: Socket) => {
      socket.on('error', () => undefined).write(SWITCHING);
      sockets.push(socket);
    });
    await once(server.listen(socketPath), 'listening');
    pool = new Pool('http://child', { socketPath });
    client = createWorkerClient({
      name: 'child',
      pool,
      runningAtDeath: Promise.resolve(new Set<string>()),
      brokenCalls: new BrokenCalls((call) => asked.push(call)),
      onLost: () => undefined,
    });
  });

  afterEach(async () => {
    await pool.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  const listen = (audio: LiveAudio): AsyncIterable<LiveEvent> =>
    client.listen(request, audio, {
      requestId: 'test',
      span: NO_SPAN,
      signal: leave.signal,
      onBrokenOff: () => (broken += 1),
    });

  /** Starts a call, and gives the child's end of it. */
  async function begun(audio: LiveAudio): Promise<[Promise<IteratorResult<LiveEvent>>, Socket]> {
    const next = listen(audio)[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    const place = sockets.length;
    await eventually(() => expect(sockets).toHaveLength(place + 1));
    return [next, sockets[place]!];
  }

  it('brings each its own speech, also if a worker is slow to read', async () => {
    const audios = [new LiveAudio(), new LiveAudio()];
    const calls = [await begun(audios[0]!), await begun(audios[1]!)];
    // Nobody reads yet. More than a socket holds, and then a little beside it.
    const fills = [Array.from({ length: 16 }, (_, n) => n + 1), [101, 102, 103]];
    for (const [n, audio] of audios.entries()) {
      for (const fill of fills[n]!) audio.push(Buffer.alloc(PIECE_BYTES, fill));
      audio.end();
      await eventually(() => expect(audio.waitingBytes).toBe(0));
    }
    for (const [n, [next, socket]] of calls.entries()) {
      const frames = await untilEmpty(socket);
      expect(frames.shift()).toEqual({ kind: 'json', value: request });
      const heard = frames.map((frame) =>
        frame.kind === 'bytes' ? [...new Set(frame.bytes)] : [],
      );
      expect(heard).toEqual(fills[n]!.map((fill) => [fill]));
      socket.write(jsonFrame({ type: 'done' }));
      expect((await next).value).toEqual({ type: 'done' });
    }
  });

  it('ends its connection, and asks for the end of its steps, when it is aborted', async () => {
    const audio = new LiveAudio();
    const [next, socket] = await begun(audio);
    const closed = once(socket.resume(), 'end');
    const gone = new ChorusError('canceled', 'The client closed the connection.');
    leave.abort(gone);
    await expect(next).rejects.toBe(gone);
    await closed;
    expect([asked.length, broken]).toEqual([1, 1]);
  });

  it.each([
    ['between two frames', Buffer.alloc(0)],
    ['within a frame', bytesFrame(Uint8Array.of(1, 2, 3)).subarray(0, 6)],
  ])('has lost its worker when the connection ends %s', async (_, last) => {
    const [next, socket] = await begun(new LiveAudio());
    socket.end(last);
    await expect(next).rejects.toMatchObject({ code: 'replica_lost' });
  });
});

/** The frames up to the empty one, without it. */
async function untilEmpty(socket: Socket): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(socket.iterator({ destroyOnReturn: false }))) {
    if (frame.kind === 'bytes' && frame.bytes.length === 0) break;
    frames.push(frame);
  }
  return frames;
}
