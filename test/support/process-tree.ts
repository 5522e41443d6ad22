import { readdirSync, readFileSync } from 'node:fs';

import { expect } from 'vitest';

import { eventually } from './eventually.js';
import { signalProcess } from './signal-process.js';

/** A process as `/proc` shows it. */
export interface SeenProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Name of its program, for example `node`. */
  readonly name: string;
  /** Start time in clock ticks since boot: with the id it names a process for good. */
  readonly started: string;
}

/** Looks at a process; undefined if it has ended, even if nobody has asked for its exit code yet. */
export function look(pid: number): SeenProcess | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const name = status.slice(status.indexOf('(') + 1, status.lastIndexOf(')'));
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  const [state = 'X', parentPid] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parentPid: Number(parentPid), name, started: fields[19] ?? '' };
}

/** A process and everything that came from it, as long as no link between them has died. */
export function treeOf(pid: number): SeenProcess[] {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => look(Number(entry)))
    .filter((seen) => seen !== undefined);
  const tree = all.filter((seen) => seen.pid === pid);
  // Grows while it is walked.
  for (const { pid: parent } of tree) tree.push(...all.filter((one) => one.parentPid === parent));
  return tree;
}

/** Whether this very process lives, and not another one that got its id. */
export function lives({ pid, started }: SeenProcess): boolean {
  return look(pid)?.started === started;
}

/** Waits until none of the processes lives; resolves with how long that took. */
export async function gone(processes: readonly SeenProcess[]): Promise<number> {
  const sinceMs = performance.now();
  await eventually(() => expect(processes.filter(lives)).toEqual([]));
  return Math.round(performance.now() - sinceMs);
}

/** Ends what a failed test may have left, with what has come from it since. */
export function endAll(processes: readonly SeenProcess[]): void {
  const trees = processes.filter(lives).flatMap(({ pid }) => treeOf(pid));
  for (const one of trees) if (lives(one)) signalProcess(one.pid, 'SIGKILL');
}
