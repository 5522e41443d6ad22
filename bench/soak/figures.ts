import { descriptorsOf } from '../support/descriptors.js';
import type { Descriptors } from '../support/descriptors.js';
import type { ChorusHome } from '../support/chorus.js';
import { entriesIn, socketsIn } from '../support/entries.js';
import { healthOf } from '../support/health.js';
import { processMemory, processTree } from '../support/process-tree.js';
import { sum } from '../support/statistics.js';

/** What a server holds at one moment. */
export interface Figures {
  readonly supervisorRssBytes: number;
  readonly workersRssBytes: number;
  /** Everything else: the media process above all. */
  readonly otherRssBytes: number;
  readonly treeRssBytes: number;
  readonly processes: number;
  readonly descriptors: Descriptors;
  readonly spoolEntries: number;
  readonly socketFiles: number;
  /** Undefined where the server does not tell. */
  readonly leases: number | undefined;
  readonly queued: number | undefined;
  readonly workersReady: number;
}

/** Looks at a server from outside. */
export async function figuresOf(home: ChorusHome, supervisorPid: number): Promise<Figures> {
  const { workers, leases, queued } = await healthOf(home.url);
  const workerPids = workers.flatMap(({ pid }) => pid ?? []);
  const all = await processTree(supervisorPid);
  const others = all.filter((pid) => pid !== supervisorPid && !workerPids.includes(pid));
  const [supervisor, inWorkers, inOthers] = await Promise.all(
    [[supervisorPid], workerPids, others].map(rssOf),
  );
  const rss = [supervisor ?? 0, inWorkers ?? 0, inOthers ?? 0] as const;
  return {
    supervisorRssBytes: rss[0],
    workersRssBytes: rss[1],
    otherRssBytes: rss[2],
    treeRssBytes: sum(rss),
    processes: all.length,
    descriptors: await descriptorsOf(supervisorPid),
    spoolEntries: await entriesIn(home.spoolFolder),
    socketFiles: await socketsIn(home.temporaryFolder),
    leases,
    queued,
    workersReady: workers.filter(({ state }) => state === 'ready').length,
  };
}

async function rssOf(pids: readonly number[]): Promise<number> {
  const memories = await Promise.all(pids.map(processMemory));
  return sum(memories.map(({ rssBytes }) => rssBytes));
}
