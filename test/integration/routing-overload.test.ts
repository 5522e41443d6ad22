import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { speakTo, type SpeakOptions } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** More work than the workers can take. */
describe('a server with more work than places', () => {
  let server: ScriptedServer;

  afterEach(async () => {
    await server.stop();
  });

  const requests = () => server.supervisor.status().requests;
  const gate = () => join(server.modelDir, 'gate');
  const openGate = () => writeFile(gate(), '');

  function speak(input: string, options?: SpeakOptions): Promise<Response> {
    return speakTo(server.url, input, options);
  }

  /** Fills the one place of a server, and so many of its queue. */
  async function fill(waiting: number): Promise<Promise<Response>[]> {
    const asking = [speak(`gate ${gate()}`)];
    await eventually(() => expect(requests().leases).toBe(1));
    for (let n = 0; n < waiting; n += 1) asking.push(speak(`busy ${n + 1}`));
    await eventually(() => expect(requests().queued).toBe(waiting));
    return asking;
  }

  it('refuses with 429 and says when to come again, and keeps nothing of it', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1', MAX_QUEUE: '2' });
    const asking = await fill(2);
    for (let n = 0; n < 500; n += 1) {
      const refused = await speak('busy 9');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({ error: { code: 'queue_full' } });
    }
    expect(requests()).toMatchObject({ leases: 1, queued: 2 });
    await openGate();
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await server.startedSteps()).toEqual([`gate ${gate()}`, 'busy 1', 'busy 2']);
  });

  it('never runs what has waited longer than QUEUE_TIMEOUT_MS', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1', QUEUE_TIMEOUT_MS: '300' });
    const [first, second] = await fill(1);
    const late = await second!;
    expect(late.status).toBe(429);
    expect(await late.json()).toMatchObject({ error: { code: 'queue_timeout' } });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await openGate();
    expect((await first!).status).toBe(200);
    expect(await server.startedSteps()).toEqual([`gate ${gate()}`]);
  });

  it('never runs what is later than its own deadline', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1' });
    const [first] = await fill(0);
    const late = await speak('busy 7', { headers: { 'x-request-timeout-ms': '200' } });
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ error: { code: 'deadline_exceeded' } });
    expect(requests().queued).toBe(0);
    await openGate();
    expect((await first!).status).toBe(200);
    expect(await server.startedSteps()).toEqual([`gate ${gate()}`]);
  });

  it('answers 503 where nobody can ever serve', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1' });
    await writeFile(join(server.modelDir, 'broken'), '');
    signalProcess(server.supervisor.status().workers[0]!.pid, 'SIGKILL');
    await eventually(() =>
      expect(server.supervisor.status().workers[0]!.state).toBe('init_failed'),
    );
    const refused = await speak('busy 1');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('serves the one request of a client before the many of another', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1' });
    const many = { headers: { authorization: 'Bearer many' } };
    const asking = [speak(`gate ${gate()}`, many)];
    await eventually(() => expect(requests().leases).toBe(1));
    for (let n = 1; n <= 30; n += 1) {
      asking.push(speak(`busy ${n}`, many));
      await eventually(() => expect(requests().queued).toBe(n));
    }
    asking.push(speak('busy 99', { headers: { authorization: 'Bearer one' } }));
    await eventually(() => expect(requests().queued).toBe(31));
    await openGate();
    await Promise.all(asking);
    const steps = await server.startedSteps();
    // One of each client's was due at once; the many keep their order.
    expect(steps.indexOf('busy 99')).toBeLessThanOrEqual(2);
    const own = steps.filter((step) => /^busy (?!99)/.test(step));
    expect(own).toEqual(Array.from({ length: 30 }, (_, n) => `busy ${n + 1}`));
  });

  it('serves who listens before bulk work, but bulk work gets its share', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1' });
    const [first] = await fill(0);
    const asking: Promise<Response>[] = [];
    const add = async (input: string, options?: SpeakOptions): Promise<void> => {
      asking.push(speak(input, options));
      await eventually(() => expect(requests().queued).toBe(asking.length));
    };
    for (let n = 1; n <= 2; n += 1)
      await add(`busy 5${n}`, { headers: { 'x-chorus-class': 'bulk' } });
    for (let n = 1; n <= 12; n += 1) await add(`busy ${n}`);
    await openGate();
    await Promise.all([first, ...asking]);
    const steps = (await server.startedSteps()).slice(1);
    expect(steps.indexOf('busy 51')).toBe(9);
    expect(steps.indexOf('busy 52')).toBe(13);
  });
});
