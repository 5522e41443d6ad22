import { readFile, readdir } from 'node:fs/promises';

/** What `/proc/<pid>/stat` says of a process, as far as a bench asks for it. */
export interface ProcessStat {
  /** One letter: `R` runs, `S` sleeps, `Z` has ended and waits to be buried. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** Time on a core, in user and kernel mode, of all its threads. */
  readonly cpuSeconds: number;
}

/** Linux counts processor time in hundredths of a second on every architecture (`USER_HZ`). */
const TICKS_A_SECOND = 100;

/** Reads how a process stands; undefined if there is none. */
export async function processStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    cpuSeconds: ticks / TICKS_A_SECOND,
  };
}

/** The living members of a process group. */
export async function groupMembers(group: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid));
  const stats = await Promise.all(pids.map(processStat));
  return pids.filter((_, at) => stats[at]?.group === group && stats[at]?.state !== 'Z');
}

/** Time on a core of several processes together; one that has ended counts nothing. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map(processStat));
  return stats.reduce((total, stat) => total + (stat?.cpuSeconds ?? 0), 0);
}
