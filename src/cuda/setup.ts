import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freeBytes } from '../models/pull/disk-space.js';
import type { FreeBytes } from '../models/pull/disk-space.js';
import type { PullReport } from '../models/pull/events.js';
import { findPip } from '../models/pull/package-client.js';
import { takeLock } from '../processes/file-lock.js';
import { ChorusError } from '../protocol/errors.js';
import { readBinding } from './binding.js';
import type { Binding } from './binding.js';
import { downloadCommand } from './from-folder.js';
import { install, removeIfEmpty, removeLeftovers, roomFor, sayTooLittle } from './install.js';
import { installationFaults, readCudaInstallation } from './installation.js';
import type { CudaInstallation } from './installation.js';
import { inspectMachine, machineProblems } from './machine.js';
import type { Machine } from './machine.js';
import { CUDA_PIECES } from './pieces.js';
import type { CudaPiece } from './pieces.js';
import { assertFit, makePlan } from './plan.js';
import type { CudaPlan } from './plan.js';

/** The disk's words for a folder that cannot be made, or not be written. */
const UNWRITABLE: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
]);

/** How CUDA's libraries are set up. */
export interface CudaSetup {
  /** `CUDA_DIR`. */
  readonly dir: string;
  /** A folder with wheels or libraries, to take everything from. */
  readonly from?: string | undefined;
  /** Whether what the system has is linked to instead of fetched. */
  readonly useSystem: boolean;
  /** The `LD_LIBRARY_PATH` that workers would have. */
  readonly libraryPath: string;
  readonly report: PullReport;
  /** Shown what will be done; `false` stops it there. */
  readonly confirm: (plan: CudaPlan) => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
  /** What is looked at by itself otherwise. */
  readonly machine?: Machine;
  readonly binding?: Binding;
  readonly pieces?: readonly CudaPiece[];
  readonly freeBytes?: FreeBytes;
}

/** What a set-up came to. */
export type SetupOutcome =
  | { readonly state: 'in-place'; readonly installation: CudaInstallation }
  | {
      readonly state: 'installed';
      readonly installation: CudaInstallation;
      readonly plan: CudaPlan;
    }
  | { readonly state: 'declined'; readonly plan: CudaPlan };

/**
 * Makes CUDA's libraries ready for workers: uses what is here, fetches or copies the rest, verifies
 * it and records it. Does nothing where all is in place; mends what is not.
 * @throws ChorusError `not_implemented` for a machine that cannot run them, `storage_full`, or
 * `unavailable`, each with the next step. What was there before is then as it was.
 */
export async function setUpCuda(setup: CudaSetup): Promise<SetupOutcome> {
  const { dir, signal } = setup;
  const machine = setup.machine ?? (await inspectMachine(signal));
  assertFit(machineProblems(machine));
  try {
    await mkdir(dir, { recursive: true });
    const onWait = (pid: number): void => {
      const message = `process ${pid} sets it up already; waiting for it`;
      setup.report({ type: 'note', model: 'cuda', message });
    };
    const lock = await takeLock(join(dir, '.setup.lock'), { onWait, ...(signal && { signal }) });
    try {
      return await underLock({ ...setup, machine });
    } finally {
      await lock.release();
    }
  } catch (caught) {
    throw explained(caught, dir);
  } finally {
    await removeIfEmpty(dir);
  }
}

async function underLock(setup: CudaSetup & { readonly machine: Machine }): Promise<SetupOutcome> {
  const { dir, machine, pieces = CUDA_PIECES } = setup;
  const binding = setup.binding ?? (await readBinding());
  await removeLeftovers(dir);
  const { present, faults } = await lookAt(dir, { version: binding.version, pieces });
  if (present !== undefined && faults.length === 0) {
    return { state: 'in-place', installation: present };
  }
  const plan = await makePlan({ ...setup, machine, binding, pieces, present, faults });
  const pip = await pipFor(plan, setup);
  await assertRoom(plan, setup.freeBytes ?? freeBytes);
  if (!(await setup.confirm(plan))) return { state: 'declined', plan };
  const { report, signal } = setup;
  const installation = await install({ plan, binding, pip, report, signal });
  return { state: 'installed', installation, plan };
}

/** A record that cannot be used is as good as none: all is installed anew. */
async function lookAt(
  dir: string,
  expected: { readonly version: string; readonly pieces: readonly CudaPiece[] },
): Promise<{ readonly present?: CudaInstallation; readonly faults: readonly string[] }> {
  try {
    const present = await readCudaInstallation(dir);
    if (present === undefined) return { faults: [] };
    const faults = await installationFaults(present, { ...expected, thoroughness: 'times' });
    return { present, faults };
  } catch (caught) {
    if (caught instanceof ChorusError) return { faults: ['its record cannot be read'] };
    throw caught;
  }
}

async function pipFor(
  plan: CudaPlan,
  { dir, signal }: CudaSetup,
): Promise<readonly [string, ...string[]] | undefined> {
  const fetched = plan.pieces.filter(({ source }) => source.kind === 'pip');
  if (fetched.length === 0) return undefined;
  const pip = await findPip(dir, signal);
  if (pip !== undefined) return pip;
  const command = downloadCommand(
    fetched.map(({ piece }) => piece),
    plan.onnxruntimeVersion,
  );
  throw new ChorusError(
    'unavailable',
    'No pip runs on this machine (python3 -m pip), and the libraries come through it. Install it ' +
      '(Debian, Ubuntu: `apt install python3-pip`), or get the packages on another machine by:\n' +
      `  ${command}\nand name their folder: \`chorus setup cuda --from FOLDER\`.`,
  );
}

async function assertRoom(plan: CudaPlan, free: FreeBytes): Promise<void> {
  const found = await free(plan.dir);
  const needed = roomFor(plan);
  if (found >= needed) return;
  const details = { needBytes: needed, freeBytes: found };
  throw new ChorusError('storage_full', sayTooLittle(plan, found), details);
}

function explained(caught: unknown, dir: string): unknown {
  const { code, path } = caught as NodeJS.ErrnoException;
  if (code === 'ENOSPC') {
    const message = `The disk of ${dir} is full. Nothing was installed. Make room and try again.`;
    return new ChorusError('storage_full', message, {}, { cause: caught });
  }
  if (UNWRITABLE.has(code ?? '') && path?.startsWith(dir) === true) {
    const message =
      `${dir} cannot be written (${code}). Nothing was installed. Give this user the right, or ` +
      'set CUDA_DIR to a folder of this user.';
    return new ChorusError('unavailable', message, {}, { cause: caught });
  }
  return caught;
}
