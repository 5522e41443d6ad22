import assert from 'node:assert/strict';

import type { GpuHealth } from '../answers.js';
import type { CheckBed, Figures } from '../bed.js';
import { MODELS } from '../bed.js';

type Model = GpuHealth['models'][number];

/** Every model says that it is on the GPU, and no node that handles much runs on the CPU. */
export async function checkPlacement({ site, server }: CheckBed): Promise<Figures> {
  const { models, workers } = await server.health();
  const device = workers.map((worker) => worker.device);
  assert.deepEqual(device, [site.device], 'one worker, on the device that was named');
  const expected = `${MODELS.tts},${MODELS.asr}`.split(',');
  assert.deepEqual(models.map(({ id }) => id).toSorted(), expected.toSorted());
  for (const model of models) {
    assert.equal(model.state, 'ready', `${model.id} is ready`);
    if (!site.isRehearsal) assertOnGpu(model);
  }
  return { models: models.map(figuresOf) };
}

function assertOnGpu({ id, provider, degraded_reason, placement }: Model): void {
  assert.equal(provider, 'cuda', `${id} is on the GPU: ${degraded_reason}`);
  assert.ok(placement, `${id} tells where its nodes ran`);
  const heavy = placement.cpu_operators.filter((operator) => operator.heavy > 0);
  assert.deepEqual(heavy, [], `${id} has heavy nodes on the CPU`);
}

function figuresOf({ id, provider, degraded_reason, placement }: Model): Figures {
  return { id, provider, degradedReason: degraded_reason, ...placement };
}
