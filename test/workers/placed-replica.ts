import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import { PLACED_FILE, PLACED_RATE_HZ, type PlacedStep } from './placed-engine.js';

/** Loads a replica that notes what it runs and waits where it is told to. */
export async function loadReplica({ modelDir }: ReplicaLoad): Promise<Replica> {
  return {
    provider: 'cpu',
    async run(input) {
      const { name, gate } = input as PlacedStep;
      appendFileSync(join(modelDir, PLACED_FILE), `${name}\n`);
      if (gate !== undefined) while (!existsSync(gate)) await delay(5);
      const result = new Float32Array(PLACED_RATE_HZ);
      return { result, transfer: [result.buffer] };
    },
    close: async () => {},
  };
}
