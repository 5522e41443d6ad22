import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import { STARTS_FILE, type TimedStep } from './timed-engine.js';

const SAMPLES_PER_STEP = 240;

/**
 * Loads a replica that sleeps, and notes when a request's first step starts: its name, and the
 * nanoseconds of the monotonic clock, which all processes of the machine share.
 */
export async function loadReplica(load: ReplicaLoad): Promise<Replica> {
  // Appended in one call each: lines of several processes do not mix.
  const starts = openSync(join(load.modelDir, STARTS_FILE), 'a');
  return {
    provider: 'cpu',
    async run(input) {
      const { id, isFirst, sleepMs } = input as TimedStep;
      if (isFirst) writeSync(starts, `${id} ${process.hrtime.bigint()}\n`);
      await delay(sleepMs);
      const result = new Float32Array(SAMPLES_PER_STEP);
      return { result, transfer: [result.buffer] };
    },
    close: async () => closeSync(starts),
  };
}
