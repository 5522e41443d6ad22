import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MAX_TOLD_STEPS, type StepsTold, TRACE_HEADER } from '../../src/protocol/calls.js';
import { readFrames } from '../../src/protocol/frames.js';
import { HostedModel } from '../../src/worker/hosted-model.js';
import { WorkerServer } from '../../src/worker/server.js';
import { SCRIPTED_CARD } from '../support/scripted-card.js';
import { scriptedEngine } from '../workers/scripted-engine.js';

/** A worker's socket with a scripted model of two replicas behind it, all in this process. */
describe('the steps of a call', () => {
  let folder: string;
  let model: HostedModel;
  let worker: WorkerServer;
  let pool: Pool;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
    const dir = join(folder, 'scripted');
    await mkdir(dir);
    await writeFile(join(dir, 'model.yaml'), SCRIPTED_CARD);
    model = await HostedModel.load(
      { id: 'scripted', service: 'tts', dir, replicas: 2, threads: 1 },
      {
        engines: { piper: async () => scriptedEngine },
        resources: Promise.resolve({} as never),
        target: { kind: 'cpu' },
      },
    );
    const models = new Map([[model.id, model]]);
    worker = new WorkerServer({ models, onFailure: () => undefined });
    const socketPath = join(folder, 'sock');
    await once(worker.server.listen(socketPath), 'listening');
    pool = new Pool('http://worker', { socketPath });
  });

  afterAll(async () => {
    await pool.close();
    await worker.close();
    await model.close();
    await rm(folder, { recursive: true });
  });

  /** Types of a call's frames, and the steps that they tell of. */
  async function called(
    text: string,
    headers: Record<string, string> = {},
  ): Promise<{ types: string[]; steps: StepsTold['steps'] }> {
    const request = { model: 'scripted', voice: 'joe', speed: 1, text };
    const { body } = await pool.request({
      method: 'POST',
      path: '/speech',
      headers,
      body: JSON.stringify(request),
    });
    const types: string[] = [];
    const steps: StepsTold['steps'][number][] = [];
    for await (const frame of readFrames(body)) {
      const event = frame.kind === 'bytes' ? { type: 'audio' } : frame.value;
      const { type } = event as { type: string };
      if (type === 'steps') steps.push(...(event as StepsTold).steps);
      // Where speech begins is found in the samples, and is not what these tests look at.
      if (type !== 'audible') types.push(type);
    }
    return { types, steps };
  }

  const traced = { [TRACE_HEADER]: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };

  it('are nobody’s business where it is not traced', async () => {
    const { types } = await called('busy 1; busy 1');
    expect(types).toEqual(['start', 'mark', 'audio', 'mark', 'audio', 'usage', 'done']);
  });

  it('come before what they have made', async () => {
    const before = Date.now();
    const { types, steps } = await called('busy 5; busy 1', traced);
    const piece = ['steps', 'mark', 'audio'];
    expect(types).toEqual(['start', ...piece, ...piece, 'usage', 'done']);
    expect(steps).toHaveLength(2);
    for (const { startedAtMs, endedAtMs, replica } of steps) {
      expect([0, 1]).toContain(replica);
      expect(startedAtMs).toBeGreaterThanOrEqual(before);
      expect(endedAtMs).toBeGreaterThan(startedAtMs);
    }
    expect(steps[0]!.endedAtMs - steps[0]!.startedAtMs).toBeGreaterThanOrEqual(5);
  });

  it('come before a failure too', async () => {
    const { types, steps } = await called('busy 1; fail', traced);
    expect(types).toEqual(['start', 'steps', 'mark', 'audio', 'steps', 'error']);
    expect(steps).toHaveLength(2);
  });

  it('are told up to a bound', async () => {
    const text = Array.from({ length: MAX_TOLD_STEPS + 4 }, () => 'busy 0').join(';');
    const { types, steps } = await called(text, traced);
    expect(types.at(-1)).toBe('done');
    expect(steps).toHaveLength(MAX_TOLD_STEPS);
  });
});
