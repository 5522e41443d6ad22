import { readFile, readdir } from 'node:fs/promises';

import { processStat } from './process-stat.js';

/** Resident memory of one process or of several together. */
export interface Memory {
  /** Pages in memory; those that several processes share count in each. */
  readonly rssBytes: number;
  /** Like RSS, but a shared page counts in parts; undefined where the kernel does not tell. */
  readonly pssBytes: number | undefined;
}

/** Memory of all processes of a tree. */
export interface TreeMemory extends Memory {
  readonly processes: number;
}

const KIB = 1024;

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // A process that has ended since it was listed has no memory; smaps_rollup may be forbidden.
    return '';
  }
}

function kibField(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * KIB;
}

/** Memory of one process now. */
export async function processMemory(pid: number): Promise<Memory> {
  const [status, rollup] = await Promise.all([
    readIfThere(`/proc/${pid}/status`),
    readIfThere(`/proc/${pid}/smaps_rollup`),
  ]);
  return { rssBytes: kibField(status, 'VmRSS') ?? 0, pssBytes: kibField(rollup, 'Pss') };
}

/** The most memory a process has had since it began, as the kernel counted it (`VmHWM`). */
export async function peakRssBytes(pid: number): Promise<number> {
  return kibField(await readIfThere(`/proc/${pid}/status`), 'VmHWM') ?? 0;
}

async function parentOf(pid: number): Promise<readonly [number, number]> {
  return [pid, (await processStat(pid))?.parent ?? 0];
}

/** The process and all its descendants. */
export async function processTree(root: number): Promise<readonly number[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  const parents = await Promise.all(pids.map(parentOf));
  const tree = [root];
  for (const member of tree) {
    tree.push(...parents.filter(([, parent]) => parent === member).map(([pid]) => pid));
  }
  return tree;
}

/** Memory of a process and all its descendants now. */
export async function treeMemory(root: number): Promise<TreeMemory> {
  const pids = await processTree(root);
  const memories = await Promise.all(pids.map(processMemory));
  const known = memories.every(({ pssBytes }) => pssBytes !== undefined);
  return {
    processes: pids.length,
    rssBytes: memories.reduce((total, { rssBytes }) => total + rssBytes, 0),
    pssBytes: known
      ? memories.reduce((total, { pssBytes }) => total + (pssBytes ?? 0), 0)
      : undefined,
  };
}
