import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** HTTP in, real supervisor, real worker and media processes; only the engine is scripted. */
describe('speech over HTTP', () => {
  let server: ScriptedServer;

  afterEach(async () => {
    await server?.stop();
  });

  function speak(input: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${server.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', voice: 'joe', input, response_format: 'pcm' }),
      ...(signal && { signal }),
    });
  }

  const leases = (): number => server.supervisor.status().requests.leases;

  it('leaves step by step: the first is with the client before the second has run', async () => {
    server = await startScriptedServer(1);
    const gate = join(server.modelDir, 'gate');
    const answer = await speak(`busy 1; gate ${gate}`);
    const reader = answer.body!.getReader();
    const first = await reader.read();
    expect(first.value!.length).toBeGreaterThan(0);
    await writeFile(gate, '');
    let bytes = first.value!.length;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
    }
    expect(bytes).toBe(2 * 2_400 * 2);
    await eventually(() => expect(leases()).toBe(0));
  });

  it('runs no further step for a client that has left, and frees its place', async () => {
    server = await startScriptedServer(1);
    const gate = join(server.modelDir, 'gate');
    const leaving = new AbortController();
    const answer = await speak(`busy 1; gate ${gate}; busy 7; busy 7`, leaving.signal);
    await answer.body!.getReader().read();
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(2));
    leaving.abort();
    await eventually(() => expect(leases()).toBe(0));
    await writeFile(gate, '');
    expect((await speak('busy 2')).status).toBe(200);
    expect(await server.startedSteps()).toEqual(['busy 1', `gate ${gate}`, 'busy 2']);
  });

  it('breaks the connection when its worker dies in the middle, and never ends short', async () => {
    server = await startScriptedServer(1);
    const gate = join(server.modelDir, 'gate');
    const answer = await speak(`busy 1; gate ${gate}; crash`);
    expect(answer.status).toBe(200);
    await writeFile(gate, '');
    await expect(answer.arrayBuffer()).rejects.toThrow(/terminated/);
    await eventually(() => expect(leases()).toBe(0));
  });

  it('is spoken by another worker when the first dies before it has said anything', async () => {
    server = await startScriptedServer(2);
    const gate = join(server.modelDir, 'gate');
    const asking = speak(`gate ${gate}; busy 1`);
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(1));
    const pid = Number(await readFile(join(server.modelDir, 'busy.pid'), 'utf8'));
    const busy = server.supervisor.status().workers.find((worker) => worker.pid === pid);
    signalProcess(pid, 'SIGKILL');
    await writeFile(gate, '');
    const answer = await asking;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-chorus-worker')).not.toBe(busy!.id);
    expect((await answer.arrayBuffer()).byteLength).toBe(2 * 2_400 * 2);
  });

  it('answers an engine that fails with a clear 500 and no word of its insides', async () => {
    server = await startScriptedServer(1);
    const answer = await speak('fail');
    expect(answer.status).toBe(500);
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect(error).toEqual({
      message: 'The server met an unexpected error.',
      type: 'server_error',
      param: null,
      code: 'internal',
    });
    expect((await speak('busy 1')).status).toBe(200);
  });

  it('goes on when the media process is killed', async () => {
    server = await startScriptedServer(1);
    signalProcess(server.supervisor.media.slot.pid, 'SIGKILL');
    await eventually(async () => expect((await speak('busy 1')).status).toBe(200));
  });

  it('waits its turn behind the capacity, and is refused beyond the queue', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1', MAX_QUEUE: '1' });
    const gate = join(server.modelDir, 'gate');
    const first = speak(`gate ${gate}`);
    await eventually(() => expect(leases()).toBe(1));
    const second = speak('busy 1');
    await eventually(() => expect(server.supervisor.status().requests.queued).toBe(1));
    const third = await speak('busy 1');
    expect(third.status).toBe(429);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await writeFile(gate, '');
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });
});
