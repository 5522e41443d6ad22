import { cpus, loadavg, totalmem } from 'node:os';

import { quantile, rounded } from './statistics.js';

const SPINS = 9;
/** The first spins of a process run before the compiler has seen to them. */
const UNCOUNTED_SPINS = 4;
const SPIN_STEPS = 2_000_000;

/** How busy and how fast the machine is at one moment. */
export interface MachineState {
  /** Load average of the last minute. */
  readonly load1: number;
  /** Median time of a fixed loop on one core; more than usual = somebody else computes. */
  readonly spinMs: number;
}

function spinOnceMs(): number {
  const begin = performance.now();
  let state = 1;
  // A linear congruential generator (Numerical Recipes' constants): each step needs the one before.
  for (let step = 0; step < SPIN_STEPS; step += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  }
  // Reading the result keeps the compiler from dropping the loop.
  return state === 0 ? 0 : performance.now() - begin;
}

/** Measures the machine; blocks this process for some 20 ms, so between measurements only. */
export function machineState(): MachineState {
  const timesMs = Array.from({ length: SPINS }, spinOnceMs);
  const counted = timesMs.slice(UNCOUNTED_SPINS);
  return { load1: rounded(loadavg()[0] ?? 0), spinMs: rounded(quantile(counted, 0.5)) };
}

/** What the numbers of a bench were measured on. */
export function machineFacts(): Readonly<Record<string, string | number>> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
