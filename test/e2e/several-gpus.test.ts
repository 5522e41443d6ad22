import { readFile } from 'node:fs/promises';

import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  launchChorus,
  startChorus as startProgram,
  type ChorusProcess,
} from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { FakeNvml, fakeGpu, NVML } from '../support/fake-nvml.js';
import { fakeNvidiaSmi, type FakeNvidiaSmi } from '../support/nvidia-smi.js';

const GIB = 1024 ** 3;
const MIB_IN_GIB = 1024;
const names = ['A', 'B', 'C'] as const;
type Name = (typeof names)[number];

/** Three boards that everybody numbers differently; buses: B, C, A. */
const BOARDS: Readonly<Record<Name, { readonly uuid: string; readonly pciBusId: string }>> = {
  A: { uuid: 'GPU-aaaaaaaa-0000-4000-8000-000000000000', pciBusId: '00000000:C1:00.0' },
  B: { uuid: 'GPU-bbbbbbbb-0000-4000-8000-000000000000', pciBusId: '00000000:01:00.0' },
  C: { uuid: 'GPU-cccccccc-0000-4000-8000-000000000000', pciBusId: '00000000:41:00.0' },
};
/** As nvidia-smi numbers them: what TTS_GPUS means. */
const LISTED = ['A', 'B', 'C'] as const;
/** As the management library numbers them. */
const MANAGED = ['C', 'A', 'B'] as const;

const workerSchema = z.object({
  id: z.string(),
  device: z.string(),
  pid: z.int().nullable(),
  state: z.string(),
});
const healthSchema = z.object({ workers: z.array(workerSchema), warnings: z.array(z.string()) });
const owned = z.object({ pid: z.int(), worker: z.string().nullable(), vram_mb: z.number() });
const systemSchema = z.object({
  gpus: z.array(z.object({ uuid: z.string(), index: z.int(), processes: z.array(owned) })),
  workers: z.array(
    z.object({ id: z.string(), device: z.string(), pid: z.int(), vram_mb: z.number().nullable() }),
  ),
});

describe('a server on several GPUs', () => {
  let nvml: FakeNvml;
  let smi: FakeNvidiaSmi;
  let chorus: ChorusProcess | undefined;

  afterEach(async () => {
    await chorus?.stop();
    chorus = undefined;
    await smi.remove();
    await nvml.dispose();
  });

  async function machine(): Promise<Record<string, string>> {
    nvml = await FakeNvml.create({
      gpus: MANAGED.map((name, index) => fakeGpu(index, { ...BOARDS[name], processes: [] })),
    });
    smi = await fakeNvidiaSmi(LISTED.map((name) => ({ ...BOARDS[name], name: 'NVIDIA Test' })));
    return {
      ...nvml.env,
      PATH: smi.path,
      NVML_LIBRARY: nvml.libraryPath,
      ASR_MODELS: 'none',
      LOG_FILE: 'none',
      TTS_REPLICAS: '1',
      TTS_THREADS: '1',
    };
  }

  async function start(settings: Record<string, string>): Promise<void> {
    chorus = await startProgram({ ...(await machine()), ...settings });
  }

  /** How a start that is refused ends. */
  async function refusal(settings: Record<string, string>): Promise<string> {
    const launch = await launchChorus({ ...(await machine()), ...settings });
    expect(await launch.exited).toBe(78);
    return launch.log();
  }

  const get = async (path: string): Promise<Response> => fetch(`${chorus?.url}${path}`);
  const health = async () => healthSchema.parse(await (await get('/health')).json());
  const system = async () => systemSchema.parse(await (await get('/system/metrics')).json());

  const workerOn = async (name: Name) => {
    const found = (await health()).workers.find((worker) => worker.device === BOARDS[name].uuid);
    if (found === undefined) throw new Error(`No worker is on ${name}.`);
    return { ...found, pid: found.pid ?? 0 };
  };

  /** What a process was started with. */
  async function environmentOf(pid: number | null, variable: string): Promise<string | undefined> {
    const lines = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    return lines.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
  }

  /** Has the driver say how much memory of a board a process has. */
  const take = (name: Name, pid: number, memoryBytes: number): Promise<void> =>
    nvml.setGpu(MANAGED.indexOf(name), { processes: [{ pid, memoryBytes }] });

  async function speak(): Promise<string | null> {
    const answer = await fetch(`${chorus?.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'tts-1',
        voice: 'joe',
        input: 'Hello.',
        response_format: 'pcm',
      }),
    });
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    return answer.headers.get('x-chorus-worker');
  }

  it('calls each by one name: its process, health, figures and metrics agree', async () => {
    await start({ TTS_GPUS: '2,0' });
    const placed = { 'gpu-2': 'C', 'gpu-0': 'A' } as const;
    const { workers } = await health();
    expect(workers.map(({ id }) => id)).toEqual(Object.keys(placed));
    for (const { id, device, pid } of workers) {
      const { uuid } = BOARDS[placed[id as keyof typeof placed]];
      expect(device).toBe(uuid);
      // One entry: whatever CUDA's own order of devices is, this is number 0 there.
      expect(await environmentOf(pid, 'CUDA_VISIBLE_DEVICES')).toBe(uuid);
    }
    await take('C', (await workerOn('C')).pid, 3 * GIB);
    await take('A', (await workerOn('A')).pid, 5 * GIB);
    await eventually(async () => {
      const { gpus, workers: figures } = await system();
      const owners = gpus.map(({ uuid, processes }) => [uuid, processes[0]?.worker]);
      expect(owners).toEqual([
        [BOARDS.C.uuid, 'gpu-2'],
        [BOARDS.A.uuid, 'gpu-0'],
        [BOARDS.B.uuid, undefined],
      ]);
      expect(figures).toMatchObject([
        { id: 'gpu-2', device: BOARDS.C.uuid, vram_mb: 3 * MIB_IN_GIB },
        { id: 'gpu-0', device: BOARDS.A.uuid, vram_mb: 5 * MIB_IN_GIB },
      ]);
    });
    const metrics = await (await get('/metrics')).text();
    for (const [worker, name] of Object.entries(placed)) {
      const { uuid } = BOARDS[name];
      expect(metrics).toContain(`speech_worker_info{worker="${worker}",device="${uuid}"} 1`);
      const bytes = worker === 'gpu-2' ? 3 * GIB : 5 * GIB;
      const labels = `gpu="${uuid}",worker="${worker}"`;
      expect(metrics).toContain(`speech_gpu_process_memory_bytes{${labels}} ${bytes}`);
    }
  });

  it('goes on with the others when one reports an error or is lost', async () => {
    await start({ TTS_GPUS: '0,1,2' });
    const before = await workerOn('B');
    // Number 0 of the management library, and number 2 of nvidia-smi.
    await nvml.xid(MANAGED.indexOf('C'), 79);
    await eventually(async () => expect((await workerOn('C')).state).toBe('quarantined'));
    await nvml.setGpu(MANAGED.indexOf('A'), { faults: { '*': NVML.gpuIsLost } });
    await eventually(async () => expect((await workerOn('A')).state).toBe('quarantined'));
    expect(await workerOn('B')).toEqual(before);
    for (let request = 0; request < 3; request += 1) expect(await speak()).toBe('gpu-1');
    const { warnings } = await health();
    expect(warnings).toContainEqual(expect.stringMatching(/^gpu-2 is quarantined: .*XID 79/));
    expect(warnings).toContainEqual(expect.stringMatching(/^gpu-0 is quarantined: .*off the bus/));
    expect(warnings.filter((warning) => warning.startsWith('gpu-1 is'))).toEqual([]);
  });

  it("takes its own from those that the operator's CUDA_VISIBLE_DEVICES leaves", async () => {
    await start({ CUDA_VISIBLE_DEVICES: 'GPU-cccc,1,GPU-dead,0', TTS_GPUS: 'auto' });
    const { workers } = await health();
    expect(workers.map(({ id }) => id)).toEqual(['gpu-1', 'gpu-2']);
    expect(await environmentOf((await workerOn('C')).pid, 'CUDA_VISIBLE_DEVICES')).toBe(
      BOARDS.C.uuid,
    );
    expect(chorus?.log()).toMatch(/has GPU-dead, which is no device of this machine/);
    // The driver's figures are of the whole machine: somebody else's load heats ours too.
    await eventually(async () => expect((await system()).gpus).toHaveLength(MANAGED.length));
  });

  it('does not start with a device that is hidden', async () => {
    expect(await refusal({ CUDA_VISIBLE_DEVICES: BOARDS.B.uuid, TTS_GPUS: '1,2' })).toMatch(
      /TTS_GPUS names 2, but CUDA_VISIBLE_DEVICES keeps it.*there are: 1 NVIDIA Test GPU-bbbb/,
    );
  });

  it('does not start with a UUID that does not exist, and lists those that do', async () => {
    const log = await refusal({ TTS_GPUS: 'GPU-12345678-0000-4000-8000-000000000000' });
    const there = names.map((name, index) => `${index} NVIDIA Test ${BOARDS[name].uuid}`);
    expect(log).toContain(
      `TTS_GPUS names GPU-12345678-0000-4000-8000-000000000000, which is not here: ` +
        `there are: ${there.join(', ')}; and cpu.`,
    );
  });
});
