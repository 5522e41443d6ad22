import { join } from 'node:path';
import { cpuLimit, cpuMicros, type CpuLimit } from './cgroups.js';
import { type KernelFolders, textOf } from './kernel-files.js';

/** How long the CPU has computed up to a moment; a share comes of two. */
export interface CpuPoint {
  /** What was counted: points of different sources cannot be compared. */
  readonly source: string;
  readonly cores: number;
  /** Both in the same unit, whatever it is. */
  readonly busy: number;
  readonly total: number;
}

/** Where a point is taken from. */
export interface CpuSources extends KernelFolders {
  /** See `ownGroups`. */
  readonly groups: readonly string[];
  readonly nowMs: () => number;
}

/** Takes a point: of the tightest group that limits the CPU, else of the cores we may run on. */
export async function cpuPoint(sources: CpuSources): Promise<CpuPoint | undefined> {
  const [limit, host] = await Promise.all([cpuLimit(sources.groups), hostPoint(sources)]);
  if (limit === undefined || (host !== undefined && limit.cores >= host.cores)) return host;
  return (await groupPoint(limit, sources.nowMs)) ?? (host && { ...host, cores: limit.cores });
}

/** Share of the time between two points, 0–1; null if they cannot be compared. */
export function cpuShare(from: CpuPoint | undefined, to: CpuPoint | undefined): number | null {
  if (from === undefined || to === undefined || from.source !== to.source) return null;
  const total = to.total - from.total;
  if (total <= 0) return null;
  // A group may exceed its limit for a moment, and the kernel's count of idle time may go back.
  return Math.min(1, Math.max(0, (to.busy - from.busy) / total));
}

async function groupPoint(limit: CpuLimit, nowMs: () => number): Promise<CpuPoint | undefined> {
  const busy = await cpuMicros(limit);
  if (busy === undefined) return undefined;
  const { cores, dir } = limit;
  return { source: `${dir} ${cores}`, cores, busy, total: nowMs() * 1000 * cores };
}

async function hostPoint({ procDir }: KernelFolders): Promise<CpuPoint | undefined> {
  const [stat, status] = await Promise.all(
    ['stat', 'self/status'].map((name) => textOf(join(procDir, name))),
  );
  const allowed = cpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status ?? '')?.[1]);
  const rows = [...(stat ?? '').matchAll(/^cpu(\d+) (.*)$/gm)]
    .map(([, number, ticks = '']) => ({ number: Number(number), ticks: ticks.split(' ') }))
    .filter(({ number }) => allowed?.has(number) ?? true);
  if (rows.length === 0) return undefined;
  const source = `cores ${rows.map(({ number }) => number).join()}`;
  return { source, cores: rows.length, ...sumOf(rows.map(({ ticks }) => ticks.map(Number))) };
}

/** Ticks in the order of `man 5 proc`. Guests' time is part of user time: it is not added again. */
function sumOf(rows: readonly (readonly number[])[]): Pick<CpuPoint, 'busy' | 'total'> {
  let busy = 0;
  let total = 0;
  for (const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, ...rest] of rows) {
    const [irq = 0, softIrq = 0, steal = 0] = rest;
    const working = user + nice + system + irq + softIrq + steal;
    busy += working;
    total += working + idle + wait;
  }
  return { busy, total };
}

/** Reads a list such as `0-3,8`. */
function cpuList(list: string | undefined): ReadonlySet<number> | undefined {
  if (list === undefined) return undefined;
  const ranges = list.split(',').map((range) => range.split('-').map(Number));
  return new Set(
    ranges.flatMap(([from = 0, to = from]) =>
      Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n),
    ),
  );
}
