import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import type { Placement } from '../../src/protocol/placement.js';
import { SAMPLES_PER_STEP, type ScriptedStep } from './scripted-engine.js';

/** The words in which onnxruntime reports a failed CUDA call. */
function cudaFailure(number: string): string {
  return `Non-zero status code returned while running Conv node. CUDA failure ${number}: it failed ; GPU=0`;
}

function names(file: string, pid: number): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').split(' ').includes(String(pid));
}

/** Whoever reads the file reads a whole id: half of one, or none, would name another process. */
function nameBusyProcess(file: string): void {
  const unfinished = `${file}.${process.pid}.${threadId}`;
  writeFileSync(unfinished, String(process.pid));
  renameSync(unfinished, file);
}

function placementIn(modelDir: string): Placement | undefined {
  const file = join(modelDir, 'placement.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Placement) : undefined;
}

/** Blocks the thread, as native code does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * Loads a replica that writes each step that it starts into `steps.log` of the model's folder, its
 * process id into `busy.pid`, and both into `pids.log`. It says of where it runs what `placement.json`
 * does: no machine without a GPU has graphs on one.
 */
export async function loadReplica(load: ReplicaLoad): Promise<Replica> {
  if (existsSync(join(load.modelDir, 'broken'))) throw new Error('the weights are broken');
  const placement = placementIn(load.modelDir);
  return {
    provider: placement?.provider ?? 'cpu',
    ...(placement && { warmed: async () => placement }),
    async run(input, control) {
      const step = input as ScriptedStep;
      nameBusyProcess(join(load.modelDir, 'busy.pid'));
      appendFileSync(join(load.modelDir, 'steps.log'), `${step.action} ${step.argument}\n`);
      appendFileSync(join(load.modelDir, 'pids.log'), `${process.pid} ${step.action}\n`);
      if (step.action === 'fail') throw new Error('this step fails');
      if (step.action === 'faulty' && names(step.argument, process.pid)) {
        throw new Error('this process is faulty');
      }
      if (step.action === 'crash') process.kill(process.pid, 'SIGKILL');
      if (step.action === 'busy') block(Number(step.argument));
      if (step.action === 'segv') process.kill(process.pid, 'SIGSEGV');
      if (step.action === 'cuda') throw new Error(cudaFailure(step.argument));
      const isOpen = (): boolean => existsSync(step.argument);
      while (step.action === 'spin' && !isOpen()) block(5);
      while (step.action === 'gate' && !isOpen() && !control.canceled) block(5);
      // A ramp, so that a sample tells its place.
      const result = Float32Array.from({ length: SAMPLES_PER_STEP }, (_, at) => at / 16_384);
      return { result, transfer: [result.buffer] };
    },
    close: async () => {},
  };
}
