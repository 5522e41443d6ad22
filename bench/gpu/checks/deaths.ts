import { setMaxListeners } from 'node:events';

import { longText } from '../../texts.js';
import { JOE } from '../../support/joe.js';
import { processStat } from '../../support/process-stat.js';
import { speak } from '../../support/speak.js';
import type { CheckBed, Figures } from '../bed.js';
import { until } from '../until.js';

const MIB = 1024 ** 2;
const SLACK_BYTES = 64 * MIB;
const LISTENERS = 4;

/** A worker that dies while it computes leaves nothing on its GPU, and another takes its place. */
export async function checkWorkerDeath(bed: CheckBed): Promise<Figures> {
  const { pid } = await bed.worker();
  const usedBefore = await usedBytes(bed);
  const load = startLoad(bed.server.url);
  try {
    await until({
      what: 'the worker is busy',
      look: async () => (await bed.server.health()).requests.leases,
      isWanted: (leases) => leases > 0,
    });
    killProcess(pid);
    await untilGone(bed, [pid]);
  } finally {
    await load.end();
  }
  const next = await bed.worker(pid);
  const usedAfter = await untilUsed(bed, usedBefore);
  return { killed: pid, replacedBy: next.pid, usedBefore, usedAfter };
}

/** A supervisor that dies takes its workers with it, and the GPU has all of its memory back. */
export async function checkSupervisorDeath(bed: CheckBed): Promise<Figures> {
  const processes = await bed.server.processes();
  const load = startLoad(bed.server.url);
  try {
    await until({
      what: 'the worker is busy',
      look: async () => (await bed.server.health()).requests.leases,
      isWanted: (leases) => leases > 0,
    });
    bed.server.killSupervisor();
    await untilGone(bed, processes);
  } finally {
    await load.end();
  }
  const usedAfter = await untilUsed(bed, bed.memoryBeforeBytes);
  return { killed: processes.length, usedBefore: bed.memoryBeforeBytes, usedAfter };
}

/** Has so many clients listen to long texts until they are told to go. */
function startLoad(url: string): { end(): Promise<void> } {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const clients = Array.from({ length: LISTENERS }, async (_, client) => {
    const body = { ...JOE, input: longText(client), response_format: 'wav' };
    // What is killed breaks off: that is what the clients are here for.
    await speak({ url: `${url}/v1/audio/speech`, body, signal: stop.signal }).catch(
      () => undefined,
    );
  });
  return {
    async end() {
      stop.abort();
      await Promise.all(clients);
    },
  };
}

/** An id that could not be read is 0, and that one would name our own group. */
function killProcess(pid: number): void {
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`${pid} is no process to be killed.`);
  process.kill(pid, 'SIGKILL');
}

async function untilGone({ site, smi, hasDriver }: CheckBed, pids: readonly number[]) {
  await until({
    what: 'the killed processes are gone',
    look: async () => {
      const stats = await Promise.all(pids.map(processStat));
      return pids.filter((_, at) => stats[at] !== undefined && stats[at]?.state !== 'Z');
    },
    isWanted: (living) => living.length === 0,
  });
  if (!hasDriver) return;
  await until({
    what: 'the driver has let go of them',
    look: async () => (await smi.processes(site.device)).map(({ pid }) => pid),
    isWanted: (listed) => pids.every((pid) => !listed.includes(pid)),
  });
}

async function usedBytes({ site, smi, hasDriver }: CheckBed): Promise<number | undefined> {
  return hasDriver ? (await smi.memory(site.device)).usedBytes : undefined;
}

/** Waits until no more is in use than was before. */
function untilUsed(bed: CheckBed, before: number | undefined): Promise<number | undefined> {
  return until({
    what: `no more than ${before} bytes of the GPU are in use`,
    look: () => usedBytes(bed),
    isWanted: (used) => used === undefined || used <= (before ?? 0) + SLACK_BYTES,
  });
}
