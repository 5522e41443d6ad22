import { join } from 'node:path';
import { type KernelFolders, keyedNumbers, loneNumber, textOf } from './kernel-files.js';

/*
 * Control groups, version 2: a tree of folders; a group's limits hold for all that is below it, so
 * a process is bound by each group from its own up to the root. Version 1 is not read: its systems
 * are left to the figures of the whole host.
 */

/** How much of the CPU a group may use. */
export interface CpuLimit {
  readonly cores: number;
  /** Folder of the group. */
  readonly dir: string;
}

/** How much memory a group may have, and has. */
export interface MemoryLimit {
  readonly totalBytes: number;
  /** Without the file cache that the kernel gives back when memory is short. */
  readonly usedBytes: number;
}

/** Folders of the groups that this process is in, its own first. Empty without version 2. */
export async function ownGroups({ procDir, sysDir }: KernelFolders): Promise<readonly string[]> {
  const text = await textOf(join(procDir, 'self/cgroup'));
  const path = /^0::(\/.*)$/m.exec(text ?? '')?.[1];
  if (path === undefined) return [];
  const names = path.split('/').filter((name) => name !== '');
  const root = join(sysDir, 'fs/cgroup');
  // `..` is a group outside of what this container can see.
  if (names.includes('..')) return [root];
  return names.map((_, n) => join(root, ...names.slice(0, names.length - n))).concat(root);
}

/** The tightest limit on the CPU, if there is one. */
export async function cpuLimit(groups: readonly string[]): Promise<CpuLimit | undefined> {
  const limits = await Promise.all(groups.map(cpuLimitOf));
  return smallest(present(limits), ({ cores }) => cores);
}

/** Microseconds that a group has computed, on all cores together. */
export async function cpuMicros({ dir }: CpuLimit): Promise<number | undefined> {
  return keyedNumbers(await textOf(join(dir, 'cpu.stat'))).get('usage_usec');
}

/** All limits on memory. */
export async function memoryLimits(groups: readonly string[]): Promise<readonly MemoryLimit[]> {
  return present(await Promise.all(groups.map(memoryLimitOf)));
}

async function cpuLimitOf(dir: string): Promise<CpuLimit | undefined> {
  const text = await textOf(join(dir, 'cpu.max'));
  const found = /^(\d+) (\d+)\s*$/.exec(text ?? '');
  const cores = Number(found?.[1]) / Number(found?.[2]);
  return cores > 0 && Number.isFinite(cores) ? { cores, dir } : undefined;
}

async function memoryLimitOf(dir: string): Promise<MemoryLimit | undefined> {
  const [limit, current, stat] = await Promise.all(
    ['memory.max', 'memory.current', 'memory.stat'].map((name) => textOf(join(dir, name))),
  );
  const totalBytes = loneNumber(limit);
  const currentBytes = loneNumber(current);
  if (totalBytes === undefined || currentBytes === undefined) return undefined;
  const cacheBytes = keyedNumbers(stat).get('inactive_file') ?? 0;
  return { totalBytes, usedBytes: Math.max(0, currentBytes - cacheBytes) };
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined);
}

/** The item with the smallest number, the first among equals. */
export function smallest<T>(items: readonly T[], numberOf: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best !== undefined && numberOf(best) <= numberOf(item) ? best : item),
    undefined,
  );
}
