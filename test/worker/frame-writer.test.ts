import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FrameWriter } from '../../src/worker/frame-writer.js';

const server = createServer();
let response: ServerResponse;
let asking: Promise<IncomingMessage>;

beforeEach(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  asking = new Promise((resolve) => void get({ port, agent: false }, resolve));
  [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function bodyOf(answer: IncomingMessage): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of answer) chunks.push(String(chunk));
  return chunks;
}

describe('the frames of an answer', () => {
  it('leave together with its end where they come in one turn', async () => {
    const writer = new FrameWriter(response);
    for (const frame of ['a', 'b', 'c']) writer.write(Buffer.from(frame));
    writer.end();
    const answer = await asking;
    expect(answer.headers['content-length']).toBe('3');
    expect(await bodyOf(answer)).toEqual(['abc']);
  });

  it('follow the headers, which wait for none of them', async () => {
    const writer = new FrameWriter(response);
    const answer = await asking;
    const read = bodyOf(answer);
    writer.write(Buffer.from('a'));
    await new Promise(setImmediate);
    writer.write(Buffer.from('b'));
    writer.end();
    expect((await read).join('')).toBe('ab');
  });

  it('leave at once when they are many bytes', async () => {
    const writer = new FrameWriter(response);
    writer.write(Buffer.alloc(64 * 1024));
    expect(response.headersSent).toBe(true);
    writer.end();
    expect(Buffer.byteLength((await bodyOf(await asking)).join(''))).toBe(64 * 1024);
  });

  it('are dropped when nobody is there any more', async () => {
    const writer = new FrameWriter(response);
    (await asking).destroy();
    await once(response, 'close');
    writer.write(Buffer.from('a'));
    await new Promise(setImmediate);
    writer.end();
    expect(response.destroyed).toBe(true);
  });
});
