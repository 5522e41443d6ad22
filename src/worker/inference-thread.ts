/**
 * Entry of an inference thread: one replica, one step at a time. `run()` blocks this thread for as
 * long as the native code computes; that is what the thread is for.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { deviceFailure } from '../engines/device-failure.js';
import type { LoadReplica, Replica, StepControl } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const port = parentPort;
if (!port) throw new Error('The inference thread must be started by a worker.');
const { load, replicaModule, cancelFlag } = workerData as ThreadData;

const flag = new Int32Array(cancelFlag);
const control: StepControl = {
  get canceled() {
    return Atomics.load(flag, 0) !== 0;
  },
};

function post(message: FromThread, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, [...transfer]);
}

async function runStep(replica: Replica, step: unknown): Promise<void> {
  try {
    const { result, transfer } = await replica.run(step, control);
    post({ type: 'result', result }, transfer);
  } catch (caught) {
    post({
      type: 'step_failed',
      error: (deviceFailure(caught) ?? ChorusError.from(caught)).toWire(),
      reason: reasonOf(caught),
    });
  }
}

function reasonOf(caught: unknown): string {
  return caught instanceof Error ? (caught.stack ?? caught.message) : String(caught);
}

try {
  const { loadReplica } = (await import(replicaModule)) as { loadReplica: LoadReplica };
  const replica = await loadReplica(load);
  port.on('message', (message: ToThread) => {
    if (message.type === 'step') void runStep(replica, message.step);
    else void replica.close().then(() => port.close());
  });
  post({ type: 'loaded', provider: replica.provider, degradedReason: replica.degradedReason });
} catch (caught) {
  const error = ChorusError.withCode('model_failed', caught).toWire();
  post({ type: 'load_failed', error, reason: reasonOf(caught) });
}
