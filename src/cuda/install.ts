import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { flush } from '../processes/flush.js';
import { sayBytes } from '../models/pull/disk-space.js';
import type { PullReport } from '../models/pull/events.js';
import { LIBRARY_DIR, readCudaInstallation, writeRecord } from './installation.js';
import type { CudaInstallation, InstalledPiece } from './installation.js';
import { obtainPiece } from './obtain.js';
import { CUDA_MAJOR, LEAST_DRIVER, RUNTIME } from './pieces.js';
import type { Binding } from './binding.js';
import type { CudaPlan } from './plan.js';
import { sha256Of } from './wheel.js';

const STAGE_PREFIX = '.staging-';
const GENERATION_PREFIX = 'lib-';

/** What carries a plan out. */
export interface InstallOptions {
  readonly plan: CudaPlan;
  readonly binding: Binding;
  readonly pip: readonly [string, ...string[]] | undefined;
  readonly report: PullReport;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lays all libraries into a folder of their own and puts it in the place of the present one in one
 * step. Whatever goes wrong before, what was there is as it was, and nothing else is left.
 */
export async function install(options: InstallOptions): Promise<CudaInstallation> {
  const { plan } = options;
  const { dir } = plan;
  const workshop = await mkdtemp(join(dir, STAGE_PREFIX));
  try {
    const stage = join(workshop, 'lib');
    await mkdir(stage);
    const pieces = await gatherPieces(options, { workshop, stage });
    pieces.push(await placeRuntime(options.binding, stage));
    options.signal?.throwIfAborted();
    await publish(dir, stage);
    await writeRecord(dir, {
      installedAt: new Date().toISOString(),
      onnxruntimeVersion: plan.onnxruntimeVersion,
      cudaMajor: CUDA_MAJOR,
      leastDriver: LEAST_DRIVER,
      libraryPath: [LIBRARY_DIR],
      pieces,
    });
    await flush(dir);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  await removeLeftovers(dir);
  const installation = await readCudaInstallation(dir);
  if (installation === undefined) throw new Error(`${dir} holds no installation after all`);
  return installation;
}

async function gatherPieces(
  { plan, pip, report, signal }: InstallOptions,
  { workshop, stage }: { readonly workshop: string; readonly stage: string },
): Promise<InstalledPiece[]> {
  const pieces: InstalledPiece[] = [];
  const totalBytes = plan.fetchBytes;
  let doneBytes = 0;
  for (const planned of plan.pieces) {
    signal?.throwIfAborted();
    const { piece, version, source } = planned;
    const onBytes = (bytes: number): void => {
      const receivedBytes = doneBytes + bytes;
      const from = `${piece.package} ${version}`;
      report({ type: 'progress', model: 'cuda', receivedBytes, totalBytes, source: from });
    };
    const downloads = join(workshop, 'downloads');
    const work = { dir: plan.dir, stage, downloads, pip, report, signal, onBytes };
    pieces.push(await obtainPiece(planned, work));
    if (source.kind === 'pip') doneBytes += piece.wheelBytes;
  }
  return pieces;
}

/** onnxruntime-node's own library lies beside the provider, which it finds there and nowhere else. */
async function placeRuntime({ version, runtime }: Binding, stage: string): Promise<InstalledPiece> {
  const path = join(stage, RUNTIME);
  // A link costs nothing, and stays what it is when node_modules is made anew.
  await link(runtime, path).catch(() => copyFlushed(runtime, path));
  const { size, mtimeMs } = await stat(path);
  const file = { name: RUNTIME, bytes: size, mtimeMs, sha256: await sha256Of(path) };
  const origin = 'onnxruntime-node';
  return { package: origin, version, origin, from: runtime, files: [file] };
}

async function copyFlushed(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await flush(to);
}

/** Gives the stage its lasting name and turns the link to it: whoever opens `lib` has all or nothing. */
async function publish(dir: string, stage: string): Promise<void> {
  // The workshop was this user's only; the libraries are for whoever serves.
  await chmod(stage, 0o755);
  await flush(stage);
  const generation = `${GENERATION_PREFIX}${randomBytes(4).toString('hex')}`;
  await rename(stage, join(dir, generation));
  const turned = join(dir, `${STAGE_PREFIX}${generation}`);
  await symlink(generation, turned);
  await rename(turned, join(dir, LIBRARY_DIR));
  await flush(dir);
}

/** Removes what a killed set-up left, and libraries that no link leads to; only under the lock. */
export async function removeLeftovers(dir: string): Promise<void> {
  const present = await presentGeneration(dir);
  for (const name of await readdir(dir)) {
    const isOld = /^lib-[0-9a-f]{8}$/.test(name) && name !== present;
    if (!isOld && !name.startsWith(STAGE_PREFIX)) continue;
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

async function presentGeneration(dir: string): Promise<string | undefined> {
  const target = await readlink(join(dir, LIBRARY_DIR)).catch(() => undefined);
  return target === undefined ? undefined : basename(target);
}

/** Removes the folder if a set-up that came to nothing left it empty. */
export async function removeIfEmpty(dir: string): Promise<void> {
  await rmdir(dir).catch(() => undefined);
}

/** How much room a plan needs: the libraries, and the largest package twice while pip moves it. */
export function roomFor({ pieces, installBytes }: CudaPlan): number {
  const fetched = pieces.filter(({ source }) => source.kind === 'pip');
  return installBytes + 2 * Math.max(0, ...fetched.map(({ piece }) => piece.wheelBytes));
}

/** What is told where there is too little room. */
export function sayTooLittle(plan: CudaPlan, freeBytes: number): string {
  return (
    `Too little disk: ${sayBytes(roomFor(plan))} are needed in ${plan.dir}, and ` +
    `${sayBytes(freeBytes)} are free. Nothing was fetched. Make room, or set CUDA_DIR to a folder ` +
    'on a larger disk.'
  );
}
