import type { Middleware } from 'koa';
import type {
  NetworkFigures,
  SpaceFigures,
  SystemFigures,
} from '../../telemetry/system/figures.js';
import type { WorkerModelStatus } from '../../protocol/status.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import type { GpuView, ModelMemoryView, WorkerMemoryView } from '../telemetry-port.js';
import { gpuBodies } from './gpu-body.js';
import { placementBody } from './placement-body.js';
import { gigabytes, megabytes, percent, percentOf } from './units.js';

/** Handles `GET /system/metrics`: the computer's figures in the shape that VoiceHub's pages show. */
export function systemMetrics({ telemetry, status }: AppDependencies): Middleware<DoorState> {
  return async function systemMetrics(ctx) {
    const system = await telemetry.system();
    ctx.set('Cache-Control', 'no-store');
    ctx.body = systemMetricsBody({
      system,
      view: telemetry.gpus(),
      workers: telemetry.workers(),
      models: new Map(status().workers.map(({ id, models }) => [id, models])),
    });
  };
}

interface Sources {
  readonly system: SystemFigures;
  readonly view: GpuView;
  readonly workers: readonly WorkerMemoryView[];
  /** By the worker's id. */
  readonly models: ReadonlyMap<string, readonly WorkerModelStatus[]>;
}

function systemMetricsBody({ system, view, workers, models }: Sources): object {
  const { cpu, memory, disk, network, atMs } = system;
  return {
    cpu: { usage_percent: percent(cpu.usageRatio), cores: cpu.cores },
    memory: {
      ...spaceBody(memory),
      usage_percent: percentOf(memory.usedBytes, memory.totalBytes),
    },
    ...gpuBodies({ view, workers }),
    disk: { ...spaceBody(disk), usage_percent: diskPercent(disk) },
    network: networkBody(network),
    workers: workers.map((worker) => ({
      ...workerBody(worker),
      models: (models.get(worker.id) ?? []).map(modelBody),
    })),
    timestamp: new Date(atMs).toISOString(),
  };
}

function spaceBody({ totalBytes, usedBytes, availableBytes }: SpaceFigures): object {
  return {
    total_gb: gigabytes(totalBytes),
    used_gb: gigabytes(usedBytes),
    available_gb: gigabytes(availableBytes),
  };
}

/** As `df` counts: what is kept back for the administrator is neither used nor to be had. */
function diskPercent({ usedBytes, availableBytes }: SpaceFigures): number | null {
  if (usedBytes === null || availableBytes === null) return null;
  return percentOf(usedBytes, usedBytes + availableBytes);
}

function networkBody(network: NetworkFigures): object {
  return {
    bytes_sent: network.bytesSent,
    bytes_recv: network.bytesReceived,
    packets_sent: network.packetsSent,
    packets_recv: network.packetsReceived,
  };
}

function workerBody(worker: WorkerMemoryView): object {
  return {
    id: worker.id,
    device: worker.device,
    pid: worker.pid,
    rss_mb: megabytes(worker.rssBytes),
    vram_mb: megabytes(worker.vramBytes),
    vram_before_load_mb: megabytes(worker.vramBeforeLoadBytes),
    vram_after_load_mb: megabytes(worker.vramAfterLoadBytes),
    vram_before_unload_mb: megabytes(worker.vramBeforeUnloadBytes),
    vram_after_unload_mb: megabytes(worker.vramAfterUnloadBytes),
    vram_budget_mb: megabytes(worker.vramBudgetBytes),
    vram_left_mb: megabytes(worker.vramLeftBytes),
    vram_models: worker.vramModels.map(modelMemoryBody),
    leak_suspicions: worker.leakSuspicions,
  };
}

function modelBody({ id, service, provider, placement }: WorkerModelStatus): object {
  return { id, service, provider: provider ?? null, placement: placementBody(placement) };
}

function modelMemoryBody(memory: ModelMemoryView): object {
  return {
    model: memory.model,
    state: memory.state,
    load_mb: megabytes(memory.loadBytes),
    peak_mb: megabytes(memory.peakBytes),
    estimated: memory.isEstimated,
  };
}
