import type { CheckBed, Figures } from './bed.js';
import { checkSupervisorDeath, checkWorkerDeath } from './checks/deaths.js';
import { checkDriver } from './checks/driver.js';
import { checkSpeech, checkTexts } from './checks/equality.js';
import { checkMemory } from './checks/memory.js';
import { checkPlacement } from './checks/placement.js';

/** One thing that must be true on a GPU. */
export interface GpuCheck {
  readonly id: string;
  /** A sentence, for the list of tests. */
  readonly title: string;
  /** Whether it asks the driver: not to be had where there is none. */
  readonly needsDriver: boolean;
  /** @throws Error that says what is not so. */
  readonly run: (bed: CheckBed) => Promise<Figures>;
}

/** All checks, in the order in which they must run: the last one leaves no server. */
export const GPU_CHECKS: readonly GpuCheck[] = [
  {
    id: 'placement',
    title: 'every model computes on the GPU, its heavy nodes included',
    needsDriver: false,
    run: checkPlacement,
  },
  {
    id: 'speech',
    title: 'speech is that of the CPU, within a tolerance',
    needsDriver: false,
    run: checkSpeech,
  },
  {
    id: 'texts',
    title: 'transcripts are those of the CPU',
    needsDriver: false,
    run: checkTexts,
  },
  {
    id: 'driver',
    title: 'memory and processes are those that nvidia-smi tells',
    needsDriver: true,
    run: checkDriver,
  },
  {
    id: 'memory',
    title: 'a load takes memory of the GPU, and an unload gives it back',
    needsDriver: true,
    run: checkMemory,
  },
  {
    id: 'worker-death',
    title: 'SIGKILL of a busy worker frees its memory, and another takes its place',
    needsDriver: false,
    run: checkWorkerDeath,
  },
  {
    id: 'supervisor-death',
    title: 'SIGKILL of the supervisor ends all workers and frees their memory',
    needsDriver: false,
    run: checkSupervisorDeath,
  },
];
