import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import type { Device } from '../../src/protocol/control.js';
import type { Placement } from '../../src/protocol/placement.js';
import { eventually } from '../support/eventually.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';

const GPU: Device = { kind: 'gpu', index: 0, uuid: 'GPU-0', name: 'Test' };

const allOnGpu: Placement = {
  provider: 'cuda',
  deviceShare: 0.9,
  nodes: { cuda: 90, cpu: 10 },
  heavyNodes: { cuda: 50 },
  cpuOperators: [{ operator: 'Gather', count: 10, heavy: 0 }],
};
const partly: Placement = {
  ...allOnGpu,
  heavyNodes: { cuda: 40, cpu: 3 },
  cpuOperators: [
    { operator: 'LSTM', count: 3, heavy: 3 },
    { operator: 'Gather', count: 7, heavy: 0 },
  ],
};
const mostlyOnCpu: Placement = {
  ...partly,
  deviceShare: 0.1,
  nodes: { cuda: 10, cpu: 90 },
  heavyNodes: { cuda: 3, cpu: 40 },
};

interface Health {
  readonly status: string;
  readonly warnings: readonly string[];
  readonly models: readonly Readonly<Record<string, unknown>>[];
}

/** Graphs that run on a GPU are described by a file here; all that is made of it is real. */
describe('where the models of a server run', () => {
  let server: ScriptedServer | undefined;

  afterEach(async () => {
    await server?.stop();
  });

  async function start(placement: Placement, settings: Record<string, string> = {}) {
    server = await startScriptedServer(1, settings, { device: GPU, placement });
    return server;
  }

  async function health({ url }: ScriptedServer): Promise<Health> {
    return (await (await fetch(`${url}/health`)).json()) as Health;
  }

  async function metric({ url }: ScriptedServer, name: string): Promise<string | undefined> {
    const page = await (await fetch(`${url}/metrics`)).text();
    return page.split('\n').find((line) => line.startsWith(`speech_${name}{`));
  }

  async function listedBy({ url }: ScriptedServer, modelsDir: string): Promise<string> {
    const env = { ...process.env, MODELS_DIR: modelsDir, PORT: new URL(url).port };
    const command = [resolve('dist/src/cli/main.js'), 'models'];
    return (await promisify(execFile)(process.execPath, command, { env, cwd: modelsDir })).stdout;
  }

  it('is shown by /health, /system/metrics, /metrics and `chorus models`', async () => {
    const running = await start(allOnGpu);
    const placement = {
      device_share: 0.9,
      nodes: { cuda: 90, cpu: 10 },
      heavy_nodes: { cuda: 50 },
      cpu_operators: [{ operator: 'Gather', count: 10, heavy: 0 }],
    };
    const { warnings, models } = await health(running);
    expect(models).toMatchObject([{ id: 'scripted', provider: 'cuda', placement }]);
    expect(warnings).toEqual([]);
    const system = (await (await fetch(`${running.url}/system/metrics`)).json()) as {
      workers: { models: unknown }[];
    };
    const told = { id: 'scripted', service: 'tts', provider: 'cuda', placement };
    expect(system.workers[0]?.models).toEqual([told]);
    const whose = 'worker="cpu-0",task="tts",model="scripted"';
    expect(await metric(running, 'replica_provider_info')).toBe(
      `speech_replica_provider_info{${whose},provider="cuda"} 1`,
    );
    expect(await metric(running, 'replica_device_nodes_ratio')).toBe(
      `speech_replica_device_nodes_ratio{${whose}} 0.9`,
    );
    const listed = await listedBy(running, join(running.modelDir, '..'));
    expect(listed).toMatch(/^MODEL .* STREAMS +RUNS ON$/m);
    expect(listed).toMatch(/^scripted .* cuda 90 % \(cpu-0\)$/m);
  });

  it('is a warning that names the operators, where heavy ones ran on the CPU', async () => {
    const { warnings } = await health(await start(partly));
    expect(warnings).toEqual([
      'cpu-0: scripted was opened on cuda, but only 90 of its 100 nodes ran there. ' +
        'On the CPU ran LSTM (3 nodes).',
    ]);
  });

  it('serves where a GPU is required and only some of the work is elsewhere', async () => {
    const running = await start(partly, { REQUIRE_GPU: 'true' });
    expect((await fetch(`${running.url}/ready`)).status).toBe(200);
  });

  it('does not serve where a GPU is required and the work is on the CPU', async () => {
    const running = await start(mostlyOnCpu, { REQUIRE_GPU: 'true' });
    const { models, warnings } = await health(running);
    expect(models).toMatchObject([{ state: 'init_failed', provider: null, placement: null }]);
    expect(warnings[0]).toContain(
      'scripted was opened on cuda, but ran on the CPU: LSTM (3 nodes). REQUIRE_GPU=true forbids ' +
        'the CPU: `chorus setup cuda --check` and `chorus doctor` say what the GPU lacks.',
    );
    expect((await fetch(`${running.url}/ready`)).status).toBe(503);
    expect(await metric(running, 'replica_provider_info')).toBeUndefined();
  });

  it('is ill when a worker that comes back finds its GPU no more', async () => {
    const running = await start(allOnGpu, { REQUIRE_GPU: 'true' });
    await writeFile(join(running.modelDir, 'placement.json'), JSON.stringify(mostlyOnCpu));
    await running.supervisor.restartWorker('cpu-0');
    await eventually(async () => {
      const { status, warnings } = await health(running);
      expect([status, warnings[0]]).toEqual(['unhealthy', expect.stringMatching(/REQUIRE_GPU/)]);
    });
    expect((await fetch(`${running.url}/ready`)).status).toBe(503);
  });

  it('is not known of a worker whose replica tells nothing', async () => {
    const running = await start(allOnGpu);
    expect(await metric(running, 'replica_device_nodes_ratio')).toMatch(/ 0\.9$/);
    await rm(join(running.modelDir, 'placement.json'));
    await running.supervisor.restartWorker('cpu-0');
    await eventually(async () => {
      const { models } = await health(running);
      expect(models).toMatchObject([{ provider: 'cpu', placement: null }]);
    });
    expect(await metric(running, 'replica_device_nodes_ratio')).toBeUndefined();
  });
});
