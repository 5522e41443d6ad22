import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';

function request(input: string): string {
  const fields = { model: 'scripted', voice: 'joe', input, response_format: 'pcm' };
  const body = JSON.stringify(fields);
  return (
    'POST /v1/audio/speech HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** Requests that a client sends on one connection without waiting for the answers. */
describe('requests in a pipeline', () => {
  let server: ScriptedServer;
  let client: Socket;

  afterEach(async () => {
    client.destroy();
    await server.stop();
  });

  const requests = () => server.supervisor.status().requests;

  async function pipeline(...inputs: string[]): Promise<void> {
    client = connect(Number(new URL(server.url).port), '127.0.0.1');
    client.write(inputs.map(request).join(''));
    await eventually(() => expect(requests().leases).toBe(inputs.length));
  }

  it('give their places back when the client leaves, though their turn has not come', async () => {
    server = await startScriptedServer(1);
    await pipeline(`gate ${join(server.modelDir, 'never')}`, 'busy 1', 'busy 1');
    client.destroy();
    await eventually(() => expect(requests()).toEqual({ leases: 0, queued: 0, streams: 0 }));
  });

  it('are answered one after the other', async () => {
    server = await startScriptedServer(1);
    const gate = join(server.modelDir, 'gate');
    await pipeline(`gate ${gate}`, 'busy 1', 'busy 1');
    let heard = '';
    client.on('data', (chunk) => (heard += chunk.toString('latin1')));
    await writeFile(gate, '');
    await eventually(() => expect(heard.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3));
    await eventually(() => expect(requests().leases).toBe(0));
    const closed = once(client, 'close');
    client.destroy();
    await closed;
  });
});
