import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** Which place a request has after its worker has failed it, when places are scarce. */
describe('a request that has lost its place', () => {
  let server: ScriptedServer;

  afterEach(async () => {
    await server.stop();
  });

  const requests = () => server.supervisor.status().requests;

  function speak(input: string): Promise<Response> {
    return fetch(`${server.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', voice: 'joe', input, response_format: 'pcm' }),
    });
  }

  it('gets another beyond a full queue', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '2', MAX_QUEUE: '1' });
    const gate = join(server.modelDir, 'gate');
    const asking = [speak(`gate ${gate}`), speak(`gate ${gate}`)];
    await eventually(() => expect(requests().leases).toBe(2));
    asking.push(speak('busy 1'));
    await eventually(() => expect(requests().queued).toBe(1));
    signalProcess(server.supervisor.status().workers[0]!.pid, 'SIGKILL');
    await eventually(() => expect(server.supervisor.status().workers[0]!.restarts).toBe(1));
    await writeFile(gate, '');
    const answers = await Promise.all(asking);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it('does not wait for itself when its worker lives on', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1', QUEUE_TIMEOUT_MS: '10000' });
    const answer = await speak('cuda 2');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'out_of_memory' } });
    expect(await server.startedSteps()).toEqual(['cuda 2', 'cuda 2']);
    expect(requests()).toEqual({ leases: 0, queued: 0, streams: 0 });
  });
});
