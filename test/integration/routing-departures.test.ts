import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { speakTo, speakUnread } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';

/** Every way in which a client can leave, and readers who do not read. */
describe('a client', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '1' });
  });

  afterEach(async () => {
    await server.stop();
  });

  const requests = () => server.supervisor.status().requests;
  const gate = (name: string) => join(server.modelDir, name);
  const openGate = (name: string) => writeFile(gate(name), '');
  const allIsFree = () =>
    eventually(() => expect(requests()).toMatchObject({ leases: 0, queued: 0 }));

  it('that leaves the queue is never served', async () => {
    const first = speakTo(server.url, `gate ${gate('a')}`);
    await eventually(() => expect(requests().leases).toBe(1));
    const leaver = new AbortController();
    const left = speakTo(server.url, 'busy 7', { signal: leaver.signal });
    await eventually(() => expect(requests().queued).toBe(1));
    leaver.abort();
    await expect(left).rejects.toThrow();
    await eventually(() => expect(requests().queued).toBe(0));
    await openGate('a');
    expect((await first).status).toBe(200);
    await allIsFree();
    expect(await server.startedSteps()).toEqual([`gate ${gate('a')}`]);
  });

  it('that leaves before its first audio has no further step started', async () => {
    const leaver = new AbortController();
    const left = speakTo(server.url, `gate ${gate('a')}; busy 7`, { signal: leaver.signal });
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(1));
    leaver.abort();
    await expect(left).rejects.toThrow();
    await allIsFree();
    expect((await speakTo(server.url, 'busy 2')).status).toBe(200);
    expect(await server.startedSteps()).toEqual([`gate ${gate('a')}`, 'busy 2']);
  });

  it('that leaves in the middle of its answer has no further step started', async () => {
    const leaver = new AbortController();
    const answer = await speakTo(server.url, `busy 1; gate ${gate('a')}; busy 7`, {
      signal: leaver.signal,
    });
    await answer.body!.getReader().read();
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(2));
    leaver.abort();
    await allIsFree();
    expect((await speakTo(server.url, 'busy 2')).status).toBe(200);
    expect(await server.startedSteps()).toEqual(['busy 1', `gate ${gate('a')}`, 'busy 2']);
  });

  it('whose step does not look up keeps its place until that step ends', async () => {
    const leaver = new AbortController();
    const left = speakTo(server.url, `spin ${gate('a')}; busy 7`, { signal: leaver.signal });
    await eventually(async () => expect(await server.startedSteps()).toHaveLength(1));
    leaver.abort();
    await expect(left).rejects.toThrow();
    const next = speakTo(server.url, 'busy 2');
    await eventually(() => expect(requests()).toMatchObject({ leases: 1, queued: 1 }));
    await openGate('a');
    expect((await next).status).toBe(200);
    await allIsFree();
    expect(await server.startedSteps()).toEqual([`spin ${gate('a')}`, 'busy 2']);
  });

  it('that leaves at any moment whatever leaves nothing behind', async () => {
    for (let n = 0; n < 150; n += 1) {
      const leaver = new AbortController();
      const left = speakTo(server.url, 'busy 1; busy 1', { signal: leaver.signal });
      left.then((answer) => answer.arrayBuffer()).catch(() => {});
      const turns = Math.floor(Math.random() * 40);
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      leaver.abort();
    }
    await allIsFree();
    expect((await speakTo(server.url, 'busy 2')).status).toBe(200);
  });

  it('that leaves while it sends its request holds nothing', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(
      'POST /v1/audio/speech HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{"model":',
    );
    expect((await speakTo(server.url, 'busy 1')).status).toBe(200);
    socket.destroy();
    await allIsFree();
  });

  it('that does not read has its own speech stop, lets others in, and misses nothing', async () => {
    const steps = 800;
    const fields = { sample_rate: 48_000 };
    const socket = speakUnread(server.url, Array(steps).fill('busy').join(';'), { fields });
    await eventually(async () => expect((await server.startedSteps()).length).toBeGreaterThan(1));
    // The only place is free again while the reader's buffers are full.
    await allIsFree();
    const before = (await server.startedSteps()).length;
    expect(before).toBeLessThan(steps);
    expect((await speakTo(server.url, 'busy 7')).status).toBe(200);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(await server.startedSteps()).toHaveLength(steps + 1);
    // 100 ms each: 4,800 samples of two bytes, and the chunks' frames beside.
    expect(Buffer.concat(chunks).length).toBeGreaterThan(steps * 9_600);
    await allIsFree();
  });
});
