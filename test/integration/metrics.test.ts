import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { speakTo } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** The page of `/metrics` of a whole server whose two workers do what texts say. */
describe('/metrics of a server', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await startScriptedServer(2, { TTS_CAPACITY: '1', MAX_QUEUE: '1' });
  });

  afterEach(async () => {
    await server.stop();
  });

  const gate = () => join(server.modelDir, 'gate');

  /** The value of a series, by the text that its line begins with. */
  async function value(series: string): Promise<number | undefined> {
    const page = await (await fetch(`${server.url}/metrics`)).text();
    const line = page.split('\n').find((one) => one.startsWith(`speech_${series}`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  const place = 'task="tts",model="scripted"';

  it('begins at 0 for what is configured, and has nothing of what is not', async () => {
    expect(await value('tts_underruns_total{model="scripted"}')).toBe(0);
    expect(await value(`queue_seconds_count{${place},class="bulk"}`)).toBe(0);
    expect(await value('ratelimit_rejections_total{scope="streams"}')).toBe(0);
    expect(await value(`replica_restarts_total{worker="cpu-1",${place},reason="hung"}`)).toBe(0);
    expect(await value('asr_final_delay_seconds')).toBeUndefined();
    expect(await value('gpu')).toBeUndefined();
  });

  it('tells what runs, what waits and what was refused', async () => {
    expect(await value('ready_replicas{task="tts"}')).toBe(2);
    const asking = [speakTo(server.url, `gate ${gate()}`), speakTo(server.url, `gate ${gate()}`)];
    for (const worker of ['cpu-0', 'cpu-1']) {
      await eventually(async () =>
        expect(await value(`inflight{worker="${worker}",${place}}`)).toBe(1),
      );
    }
    asking.push(speakTo(server.url, 'busy 1'));
    await eventually(async () => expect(await value(`queued{${place}}`)).toBe(1));
    expect((await speakTo(server.url, 'busy 2')).status).toBe(429);
    expect(await value('ratelimit_rejections_total{scope="queue"}')).toBe(1);
    await writeFile(gate(), '');
    for (const response of await Promise.all(asking)) await response.arrayBuffer();
    expect(await value(`queue_seconds_count{${place},class="interactive"}`)).toBe(3);
    expect(await value(`queue_seconds_bucket{le="0.001",${place}`)).toBeLessThan(3);
    await eventually(async () => {
      expect(await value(`inflight{worker="cpu-0",${place}}`)).toBe(0);
      expect(await value(`queued{${place}}`)).toBe(0);
    });
    expect(await value('characters_total{model="scripted"}')).toBeGreaterThan(6);
    expect(await value('tts_first_audio_seconds_count{model="scripted"}')).toBe(3);
    expect(await value('rtf_count')).toBe(3);
  });

  it('counts the steps that engines have run, and their time', async () => {
    for (let n = 0; n < 3; n += 1)
      await (await speakTo(server.url, 'busy 5; busy 5')).arrayBuffer();
    const both = async (series: string): Promise<number> => {
      const counted = ['cpu-0', 'cpu-1'].map((worker) => value(`${series}{worker="${worker}"`));
      return (await Promise.all(counted)).reduce<number>((sum, one) => sum + (one ?? 0), 0);
    };
    await eventually(async () => expect(await both('engine_steps_total')).toBe(6));
    expect(await both('engine_step_seconds_total')).toBeGreaterThanOrEqual(0.03);
  });

  it('follows a worker through its death, and counts what its end cost', async () => {
    const ready = `replica_state{worker="cpu-0",${place},state="ready"}`;
    expect(await value(ready)).toBe(1);
    const asking = speakTo(server.url, `gate ${gate()}`);
    await eventually(async () =>
      expect(
        (await value(`inflight{worker="cpu-0",${place}}`))! +
          (await value(`inflight{worker="cpu-1",${place}}`))!,
      ).toBe(1),
    );
    const busy = (await value(`inflight{worker="cpu-0",${place}}`)) === 1 ? 0 : 1;
    const { slot } = server.supervisor.workers[busy]!;
    signalProcess(slot.pid, 'SIGKILL');
    const restarts = `replica_restarts_total{worker="cpu-${busy}",${place},reason="crashed"}`;
    await eventually(async () => expect(await value(restarts)).toBe(1));
    await writeFile(gate(), '');
    expect((await asking).status).toBe(200);
    expect(await value('retries_total{task="tts",reason="replica_lost"}')).toBe(1);
    await eventually(async () => {
      expect(await value(`worker_state{worker="cpu-${busy}",state="ready"}`)).toBe(1);
      expect(await value(`replica_state{worker="cpu-${busy}",${place},state="ready"}`)).toBe(1);
    });
    expect(await value(`worker_state{worker="cpu-${busy}",state="crashed"}`)).toBe(0);
  });
});
