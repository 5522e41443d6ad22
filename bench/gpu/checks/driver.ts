import assert from 'node:assert/strict';

import type { CheckBed, Figures } from '../bed.js';
import { until } from '../until.js';

const MIB = 1024 ** 2;
/** The two look at different moments. */
const SLACK_SHARE = 0.05;
const SLACK_MB = 128;

/** What we read of the driver is what NVIDIA's own tool reads: memory and processes, by UUID. */
export async function checkDriver({ site, server, smi }: CheckBed): Promise<Figures> {
  const { pid } = await server.worker();
  const theirs = await smi.memory(site.device);
  const ours = await until({
    what: `${site.device} in /system/metrics`,
    look: async () => (await server.system()).gpus.find(({ uuid }) => uuid === site.device),
    isWanted: (gpu) => gpu !== undefined,
  });
  const [usedMb, totalMb] = [theirs.usedBytes / MIB, theirs.totalBytes / MIB];
  const { vram_total_mb: ourTotal, vram_used_mb: ourUsed, vram_reserved_mb: reserved } = ours ?? {};
  assertNear('memory in all', [ourTotal], totalMb);
  // Releases of nvidia-smi before 510 count what the driver keeps for itself as used.
  assertNear('memory in use', [ourUsed, (ourUsed ?? 0) + (reserved ?? 0)], usedMb);
  const listed = (await smi.processes(site.device)).map((one) => one.pid);
  const own = ours?.processes?.map((one) => one.pid) ?? [];
  assert.deepEqual(own.includes(pid), listed.includes(pid), 'both know of the worker, or neither');
  return { usedMb: { ours: ourUsed, reserved, smi: usedMb }, processes: { ours: own, listed } };
}

function assertNear(
  what: string,
  ours: readonly (number | null | undefined)[],
  theirs: number,
): void {
  const slack = Math.max(SLACK_MB, theirs * SLACK_SHARE);
  const isNear = ours.some((one) => typeof one === 'number' && Math.abs(one - theirs) <= slack);
  assert.ok(isNear, `${what}: we say ${ours.join(' or ')} MB, nvidia-smi ${theirs} MB`);
}
