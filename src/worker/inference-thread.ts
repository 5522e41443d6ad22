/**
 * Entry of an inference thread: one replica, one step at a time. `run()` blocks this thread for as
 * long as the native code computes; that is what the thread is for.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { deviceFailure, loadFailure } from '../engines/device-failure.js';
import type { LoadReplica, Replica, StepControl } from '../engines/engine.js';
import { ChorusError } from '../protocol/errors.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const port = parentPort;
if (!port) throw new Error('The inference thread must be started by a worker.');
const { load, replicaModule, cancelFlag } = workerData as ThreadData;

const flags = new Int32Array(cancelFlag);
const controls: readonly StepControl[] = Array.from(flags, (_, index) => ({
  get canceled() {
    return Atomics.load(flags, index) !== 0;
  },
}));

function post(message: FromThread, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, [...transfer]);
}

type Run = Extract<ToThread, { type: 'step' | 'steps' }>;
type Warmed = Extract<ToThread, { type: 'warmed' }>;

async function runAndPost(replica: Replica, run: Run): Promise<void> {
  const [control] = controls;
  if (run.type === 'step' && control) {
    const { result, transfer } = await replica.run(run.step, control);
    post({ type: 'result', result }, transfer);
    return;
  }
  const steps = run.type === 'steps' ? run.steps : [run.step];
  const outputs = await replica.runTogether?.(steps, controls.slice(0, steps.length));
  if (!outputs) throw new Error('The replica runs one step at a time.');
  const transfer = outputs.flatMap((output) => output.transfer ?? []);
  post({ type: 'results', results: outputs.map(({ result }) => result) }, transfer);
}

async function answer(replica: Replica, message: Run | Warmed): Promise<void> {
  try {
    if (message.type !== 'warmed') await runAndPost(replica, message);
    else post({ type: 'placed', placement: await replica.warmed?.() });
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
    if (message.type === 'close') void replica.close().then(() => port.close());
    else void answer(replica, message);
  });
  const { provider, degradedReason, precision } = replica;
  post({ type: 'loaded', provider, degradedReason, precision });
} catch (caught) {
  const error = loadFailure(caught).toWire();
  post({ type: 'load_failed', error, reason: reasonOf(caught) });
}
