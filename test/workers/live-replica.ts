import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import type { LiveStep } from './live-engine.js';

/** Blocks the thread, as native code does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Loads a replica that writes each step that it starts into `steps.log` of the model's folder. */
export async function loadReplica({ modelDir }: ReplicaLoad): Promise<Replica> {
  return {
    provider: 'cpu',
    async run(input, control) {
      const { action, argument } = input as LiveStep;
      if (action !== 'quiet') {
        appendFileSync(join(modelDir, 'steps.log'), `${process.pid} ${action}\n`);
      }
      if (action === 'fail') throw new Error('this step fails');
      if (action === 'crash') process.kill(process.pid, 'SIGKILL');
      const isShut = (): boolean => action === 'gate' && !existsSync(argument);
      while (isShut() && !control.canceled) block(5);
      return { result: undefined };
    },
    close: async () => {},
  };
}
