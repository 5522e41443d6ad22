import type { TelemetryPort } from '../http/telemetry-port.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { WorkerMemory } from '../supervisor/worker-memory.js';
import { GpuWatches } from '../telemetry/gpus/gpu-watches.js';
import type { Logger } from '../telemetry/log.js';
import { FleetCollector } from '../telemetry/metrics/fleet-collector.js';
import { GpuCollector, type GpuFigures } from '../telemetry/metrics/gpu-collector.js';
import { Metrics } from '../telemetry/metrics/metrics.js';
import { ServerCollector } from '../telemetry/metrics/server-collector.js';
import { SystemSampler } from '../telemetry/system/sampler.js';
import { VERSION } from './version.js';

/** What is measured of a server, and the ways to it. */
export interface Observation {
  /** Behind `/metrics`. */
  readonly metrics: Metrics;
  /** Behind `/system/metrics`. */
  readonly port: TelemetryPort;
  /** What an operator should know of the GPUs. */
  warnings(): string[];
  /** Ends the measuring. */
  close(): void;
}

/** What is observed. */
export interface Observed {
  readonly supervisor: Supervisor;
  readonly log: Logger;
  /** Whose file system is the server's. */
  readonly dataDir: string;
}

/** Connects what measures with what is measured. */
export function observe({ supervisor, log, dataDir }: Observed): Observation {
  const { telemetry } = supervisor;
  const watches = new GpuWatches(log);
  telemetry.process?.subscribe((report) => {
    if (report.state === 'read') watches.observe(report.snapshot);
    else if (telemetry.gpus().snapshot === undefined) watches.forget();
  });
  const server = new ServerCollector(VERSION);
  const metrics = new Metrics(log);
  for (const { spec } of supervisor.workers) {
    for (const { service, id } of spec.models) metrics.requests.expect(service, id);
  }
  metrics.add(server);
  metrics.add(new FleetCollector(() => supervisor.figures()));
  metrics.add(new GpuCollector(() => gpuFigures(supervisor)));
  const sampler = new SystemSampler({ diskDir: dataDir });
  return {
    metrics,
    port: {
      system: () => sampler.sample(),
      gpus: () => ({
        ...telemetry.gpus(),
        temperatureWarnings: watches.hot,
        xidCounts: telemetry.gpuFaults.xidCounts,
      }),
      workers: () => telemetry.memory(supervisor.workers).map(memoryView),
    },
    // A driver that hangs reports nothing: what was true before is not known then.
    warnings: () => (telemetry.gpus().snapshot === undefined ? [] : watches.warnings()),
    close: () => server.close(),
  };
}

/** Undefined where there is no driver, or nobody has asked it yet. */
function gpuFigures({ telemetry, workers }: Supervisor): GpuFigures | undefined {
  const look = telemetry.process?.lastLook;
  if (look === undefined || look === 'absent') return undefined;
  const { snapshot, error, ageMs } = telemetry.gpus();
  const ids = new Map(workers.map(({ spec, slot }) => [slot.pid, spec.id]));
  const { missingCount, xidCounts, lastXidAtMs } = telemetry.gpuFaults;
  return {
    snapshot,
    isReadable: error === undefined,
    lastReadAtMs: ageMs === undefined ? undefined : Date.now() - ageMs,
    missing: missingCount,
    xidCounts,
    xidLastAtMs: lastXidAtMs,
    workerOf: (pid) => ids.get(pid),
  };
}

function memoryView({
  workerId,
  ...memory
}: WorkerMemory): ReturnType<TelemetryPort['workers']>[0] {
  return {
    id: workerId,
    device: memory.device,
    pid: memory.pid ?? null,
    rssBytes: memory.rssBytes ?? null,
    vramBytes: memory.vramBytes ?? null,
    vramBeforeLoadBytes: memory.vramBeforeLoadBytes ?? null,
    vramAfterLoadBytes: memory.vramAfterLoadBytes ?? null,
    vramBeforeUnloadBytes: memory.vramBeforeUnloadBytes ?? null,
    vramAfterUnloadBytes: memory.vramAfterUnloadBytes ?? null,
    vramBudgetBytes: memory.vram?.budgetBytes ?? null,
    vramLeftBytes: memory.vram?.leftBytes ?? null,
    vramModels: memory.vram?.models ?? [],
    leakSuspicions: memory.leakSuspicions,
  };
}
