import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { speakTo } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** Which worker serves whom, over HTTP and three worker processes. */
describe('requests of a session', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await startScriptedServer(3);
  });

  afterEach(async () => {
    await server.stop();
  });

  async function workerOf(headers: Record<string, string>): Promise<string> {
    const answer = await speakTo(server.url, 'busy 1', { headers });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    expect(answer.headers.get('x-chorus-model')).toBe('scripted');
    return answer.headers.get('x-chorus-worker')!;
  }

  async function workersOf(headers: Record<string, string>, requests: number): Promise<string[]> {
    const workers = new Set<string>();
    for (let n = 0; n < requests; n += 1) workers.add(await workerOf(headers));
    return [...workers];
  }

  it('are served by one worker, while others are spread over all', async () => {
    expect(await workersOf({ 'x-session-id': 'a' }, 12)).toHaveLength(1);
    await eventually(async () => expect(await workersOf({}, 12)).toHaveLength(3));
  });

  it('go to another worker when theirs is gone, and stay there', async () => {
    const before = await workerOf({ 'x-session-id': 'a' });
    signalProcess(
      server.supervisor.status().workers.find(({ id }) => id === before)!.pid,
      'SIGKILL',
    );
    await eventually(() => {
      const { state } = server.supervisor.status().workers.find(({ id }) => id === before)!;
      expect(state).not.toBe('ready');
    });
    const after = await workerOf({ 'x-session-id': 'a' });
    expect(after).not.toBe(before);
    await eventually(() => expect(server.supervisor.status().services.tts.readyReplicas).toBe(3));
    expect(await workersOf({ 'x-session-id': 'a' }, 12)).toEqual([after]);
  });
});
