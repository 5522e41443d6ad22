import assert from 'node:assert/strict';

import type { GpuSystem } from '../answers.js';
import type { CheckBed, Figures } from '../bed.js';
import { until } from '../until.js';

const MIB = 1024 ** 2;
/** The driver gives memory in large pieces, and keeps some for a context. */
const SLACK_MB = 64;

type WorkerFigures = GpuSystem['workers'][number];

/** Loading takes memory of the GPU and unloading gives it back: in `/system/metrics` and metrics. */
export async function checkMemory(bed: CheckBed): Promise<Figures> {
  const { id, pid } = await bed.worker();
  const loaded = await figuresOf(bed, (worker) => worker.vram_after_load_mb !== null);
  const [before, after] = [loaded.vram_before_load_mb ?? 0, loaded.vram_after_load_mb ?? 0];
  assert.ok(after > before, `a load takes memory: ${before} MB before, ${after} MB after`);
  const metrics = await bed.server.metrics();
  for (const [phase, megabytes] of [
    ['before_load', before],
    ['after_load', after],
  ] as const) {
    const bytes = metricOf(metrics, `speech_worker_vram_bytes{worker="${id}",phase="${phase}"}`);
    assert.ok(Math.abs(bytes / MIB - megabytes) < 1, `${phase}: ${bytes} bytes, ${megabytes} MB`);
  }
  await bed.server.restartWorker(id);
  await bed.worker(pid);
  const unloaded = await figuresOf(bed, (worker) => worker.vram_after_unload_mb !== null);
  const left = unloaded.vram_after_unload_mb ?? Infinity;
  assert.ok(left <= before + SLACK_MB, `an unload gives it back: ${before} MB, then ${left} MB`);
  // Unknown in a container with process ids of its own.
  const ownMb = loaded.vram_mb;
  return { beforeLoadMb: before, afterLoadMb: after, afterUnloadMb: left, ownMb };
}

function figuresOf(
  { server }: CheckBed,
  isWanted: (worker: WorkerFigures) => boolean,
): Promise<WorkerFigures> {
  return until({
    what: "the figures of the worker's memory",
    look: async () => (await server.system()).workers[0] as WorkerFigures,
    isWanted,
  });
}

function metricOf(page: string, series: string): number {
  const line = page.split('\n').find((one) => one.startsWith(`${series} `));
  assert.ok(line, `${series} is in /metrics`);
  return Number(line.slice(series.length + 1));
}
