import { readFile } from 'node:fs/promises';

import { roleMemory, roleOf } from '../speech-memory/roles.js';
import type { Role, RoleMemory } from '../speech-memory/roles.js';
import { peakRssBytes, processTree } from './process-tree.js';

const SAMPLE_EVERY_MS = 200;

/** What some work gave, and the most memory of each kind of process meanwhile. */
export interface Watched<Result> {
  readonly result: Result;
  readonly peak: RoleMemory;
}

/** Looks at the memory of a server's processes again and again until the work is done. */
export async function watched<Result>(
  pid: number,
  work: Promise<Result>,
): Promise<Watched<Result>> {
  const peak: Partial<Record<Role, number>> = {};
  const look = async (): Promise<void> => {
    const now = Object.entries(await roleMemory(pid)) as [Role, number][];
    for (const [role, bytes] of now) peak[role] = Math.max(peak[role] ?? 0, bytes);
  };
  const timer = setInterval(() => void look(), SAMPLE_EVERY_MS);
  try {
    const result = await work;
    await look();
    return { result, peak };
  } finally {
    clearInterval(timer);
  }
}

/** What each kind of process has grown by. */
export function growthOf(start: RoleMemory, peak: RoleMemory): Readonly<Record<string, number>> {
  const roles = Object.keys(peak) as Role[];
  return Object.fromEntries(roles.map((role) => [role, (peak[role] ?? 0) - (start[role] ?? 0)]));
}

/**
 * The most memory that each kind of process ever had, loading included, as the kernel counted it;
 * several of one kind are added up.
 */
export async function peakRoleMemory(root: number): Promise<RoleMemory> {
  const memory: Partial<Record<Role, number>> = {};
  for (const pid of await processTree(root)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const peak = await peakRssBytes(pid);
    const role = roleOf(commandLine.replaceAll('\0', ' '));
    if (peak > 0) memory[role] = (memory[role] ?? 0) + peak;
  }
  return memory;
}
