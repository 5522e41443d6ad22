import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { GraphContract } from '../../../src/engines/onnx/contract.js';
import { ReplicaSessions, type SessionPlace } from '../../../src/engines/onnx/replica-sessions.js';
import { GraphBuilder } from '../../../src/models/onnx/builder.js';
import { ELEMENT } from '../../../src/models/onnx/types.js';
import { writeGraph } from '../../../src/models/onnx/write.js';

const WIDTH = 64;
const onCpu: SessionPlace = { threads: 1, target: { kind: 'cpu' }, isProfiled: true };
const onGpu: SessionPlace = { threads: 1, target: { kind: 'cuda', required: false } };

const contract: GraphContract = {
  inputs: { rows: { type: 'float32', rank: 2 } },
  outputs: ['product', 'count'],
};

let root: string;
let temporary: string;
let path: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-sessions-'));
  path = join(root, 'graph.onnx');
  const graph = new GraphBuilder('graph');
  graph.input('rows', ELEMENT.float32, ['rows', WIDTH]);
  const weights = graph.floats('weights', new Float32Array(WIDTH * WIDTH).fill(0.5), [
    WIDTH,
    WIDTH,
  ]);
  graph.node('MatMul', ['rows', weights], { outputs: ['product'] });
  // Arithmetic on a shape, as exports are full of.
  const shape = graph.node('Shape', ['rows']);
  const first = graph.node('Gather', [shape, graph.ints(0)], { attributes: { axis: 0 } });
  graph.node('Unsqueeze', [first, graph.ints([0])], { outputs: ['count'] });
  graph.output('product', ELEMENT.float32, ['rows', WIDTH]);
  graph.output('count', ELEMENT.int64, [1]);
  await writeGraph(path, graph, { opsets: { '': 20 } });
});
afterAll(() => rm(root, { recursive: true }));

/** Where onnxruntime's profiles go: a folder of each test's own. */
beforeEach(async () => {
  temporary = await mkdtemp(join(root, 'temporary-'));
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function open(place: SessionPlace) {
  return ReplicaSessions.openOne(place, { path, expect: contract });
}

async function run(session: InferenceSession, rows: number): Promise<void> {
  const data = new Float32Array(rows * WIDTH);
  await session.run({ rows: new Tensor('float32', data, [rows, WIDTH]) });
}

describe('a profile of the first runs', () => {
  const nothing = { provider: 'cpu', nodes: {}, heavyNodes: {}, cpuOperators: [] };

  it('counts the nodes that ran, each once, and those that were heavy', async () => {
    const [session, held] = await open(onCpu);
    for (let n = 0; n < 3; n += 1) await run(session, 512);
    expect(await held.warmed()).toEqual({
      provider: 'cpu',
      deviceShare: 1,
      nodes: { cpu: 4 },
      heavyNodes: { cpu: 1 },
      cpuOperators: [
        { operator: 'MatMul', count: 1, heavy: 1 },
        { operator: 'Shape', count: 1, heavy: 0 },
        { operator: 'Gather', count: 1, heavy: 0 },
        { operator: 'Unsqueeze', count: 1, heavy: 0 },
      ],
    });
    await run(session, 1);
    await held.close();
  });

  it('lies nowhere, from the moment that the session is open', async () => {
    const [session, held] = await open(onCpu);
    expect(await readdir(temporary)).toEqual([]);
    await run(session, 1);
    expect((await held.warmed()).nodes).toEqual({ cpu: 4 });
    await held.close();
    expect(await readdir(temporary)).toEqual([]);
  });

  it('ends by itself after some runs, and what comes then is not in it', async () => {
    const [session, held] = await open(onCpu);
    for (let n = 0; n < 8; n += 1) await run(session, 1);
    await run(session, 512);
    const { nodes, heavyNodes } = await held.warmed();
    expect([nodes, heavyNodes]).toEqual([{ cpu: 4 }, {}]);
    await held.close();
  });

  it('says nothing of a graph that has not run, or once it has been read', async () => {
    const [session, held] = await open(onCpu);
    expect(await held.warmed()).toEqual(nothing);
    await run(session, 1);
    expect(await held.warmed()).toEqual(nothing);
    await held.close();
  });

  it('is not made on the CPU unless asked for', async () => {
    const [session, held] = await open({ threads: 1, target: { kind: 'cpu' } });
    await run(session, 512);
    expect(await held.warmed()).toEqual(nothing);
    await held.close();
  });

  it('is done without where there is no folder for it', async () => {
    vi.stubEnv('TMPDIR', join(temporary, 'nowhere'));
    const [session, held] = await open(onCpu);
    await run(session, 512);
    expect(await held.warmed()).toEqual(nothing);
    await held.close();
  });
});

describe('the sessions of a replica', () => {
  it('are on the CPU, and say why, where the GPU cannot be had', async () => {
    const [session, held] = await open(onGpu);
    await run(session, 512);
    const placement = await held.warmed();
    const { provider, degradedReason } = held;
    await held.close();
    if (provider === 'cuda') return;
    expect(degradedReason).toMatch(/graph\.onnx cannot be loaded on cuda/);
    expect(placement).toMatchObject({ provider: 'cpu', deviceShare: 0, nodes: { cpu: 4 } });
    expect(placement.cpuOperators[0]).toEqual({ operator: 'MatMul', count: 1, heavy: 1 });
  });

  describe('in variants', () => {
    const variants = { threads: 1, precision: 'fp16', cpuPrecision: 'int8' } as const;
    const cuda = { kind: 'cuda', required: false } as const;

    /** Opens nothing but says what it would; CUDA is as broken as the test says. */
    function opener(cudaFails: boolean) {
      const tried: string[] = [];
      const opening = (sessions: ReplicaSessions) => {
        const { device, precision } = sessions;
        tried.push(`${precision} on ${device}`);
        if (device === 'cuda' && cudaFails) return Promise.reject(new Error('no device'));
        return Promise.resolve(sessions.held());
      };
      return { tried, opening };
    }

    it('are in that of the device', async () => {
      const { opening, tried } = opener(false);
      const there = await ReplicaSessions.open({ ...variants, target: cuda }, opening);
      expect(there).toMatchObject({ provider: 'cuda', precision: 'fp16' });
      const target = { kind: 'cpu' } as const;
      const here = await ReplicaSessions.open({ ...variants, target, precision: 'fp32' }, opening);
      expect(here).toMatchObject({ provider: 'cpu', precision: 'fp32' });
      expect(tried).toEqual(['fp16 on cuda', 'fp32 on cpu']);
    });

    it("are in the CPU's own where CUDA cannot be had, and say why", async () => {
      const { opening, tried } = opener(true);
      const held = await ReplicaSessions.open({ ...variants, target: cuda }, opening);
      const place = { provider: 'cpu', precision: 'int8', degradedReason: 'no device' };
      expect(held).toMatchObject(place);
      expect(tried).toEqual(['fp16 on cuda', 'int8 on cpu']);
    });

    it('are in the one that there is, and in none', async () => {
      const { opening, tried } = opener(true);
      await ReplicaSessions.open({ target: cuda, threads: 1, precision: 'fp32' }, opening);
      const none = await ReplicaSessions.open({ target: cuda, threads: 1 }, opening);
      expect(tried).toEqual([
        'fp32 on cuda',
        'fp32 on cpu',
        'undefined on cuda',
        'undefined on cpu',
      ]);
      expect(none.precision).toBeUndefined();
    });

    it('are nowhere where the GPU is required and cannot be had', async () => {
      const { opening, tried } = opener(true);
      const target = { kind: 'cuda', required: true } as const;
      const refused = ReplicaSessions.open({ ...variants, target }, opening);
      await expect(refused).rejects.toThrow(/^no device REQUIRE_GPU=true forbids the CPU/);
      expect(tried).toEqual(['fp16 on cuda']);
    });
  });

  it('are counted together', async () => {
    const held = await ReplicaSessions.open(onCpu, async (sessions) => {
      const graph = { path, expect: contract };
      const [one, other] = [await sessions.add(graph), await sessions.add(graph)];
      await run(one, 512);
      await run(other, 1);
      return sessions.held();
    });
    expect(await held.warmed()).toMatchObject({ nodes: { cpu: 8 }, heavyNodes: { cpu: 1 } });
    await held.close();
  });

  it('are all released, with what was kept beside them, if one cannot be opened', async () => {
    const kept = { closed: 0, close: async () => void (kept.closed += 1) };
    let first: InferenceSession | undefined;
    const opening = ReplicaSessions.open(onCpu, async (sessions) => {
      first = await sessions.add({ path, expect: contract });
      sessions.keep(kept);
      await sessions.add({ path, expect: { ...contract, outputs: ['audio'] } });
    });
    await expect(opening).rejects.toThrow(/output audio is missing/);
    expect(kept.closed).toBe(1);
    await expect(run(first as InferenceSession, 1)).rejects.toThrow(/disposed/);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('advise what to do where a GPU is required and cannot be had', async () => {
    const required = open({ threads: 1, target: { kind: 'cuda', required: true } });
    const words = await required.then(
      async ([, held]) => held.close(),
      (error: Error) => error.message,
    );
    if (words !== undefined) expect(words).toMatch(/on cuda: .*REQUIRE_GPU=true.*`chorus doctor`/s);
  });
});
