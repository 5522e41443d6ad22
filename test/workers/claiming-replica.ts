import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import { claim } from '../support/claimed-vram.js';
import { CLAIMING_FILE, type ClaimingModel } from './claiming-engine.js';

/** Loads a replica that says what it takes, and waits until the driver knows it. */
export async function loadReplica({ card, modelDir }: ReplicaLoad): Promise<Replica> {
  const model = JSON.parse(readFileSync(join(modelDir, CLAIMING_FILE), 'utf8')) as ClaimingModel;
  const { claims, contextBytes, loadBytes, peakBytes, provider, failure } = model;
  if (failure !== undefined) throw new Error(failure);
  const isFirst = !readdirSync(claims).some((name) => name.startsWith(`${process.pid}.`));
  const take = async (bytes: number): Promise<void> => {
    const whole = bytes + (isFirst ? contextBytes : 0);
    // A try to use the GPU that ends on the CPU may leave memory taken, too.
    await claim(claims, card.id, whole);
  };
  await take(loadBytes);
  return {
    provider,
    ...(provider === 'cpu' && { degradedReason: 'there is no CUDA' }),
    async run() {
      await take(peakBytes);
      return { result: undefined };
    },
    close: async () => {},
  };
}
