import type { Counter, Gauge } from 'prom-client';

import { type GpuReading, type GpuSnapshot, RECOVERY_ACTIONS } from '../../protocol/gpus.js';
import { GPU_SERIES } from './gpu-series.js';
import type { MetricSet } from './metric-set.js';
import type { Collector } from './metrics.js';

/** What is known of the machine's GPUs. */
export interface GpuFigures {
  /** The newest; absent while the driver cannot be asked. */
  readonly snapshot?: GpuSnapshot | undefined;
  /** Whether the driver answered when it was last asked. */
  readonly isReadable: boolean;
  /** When the driver was last asked with success. */
  readonly lastReadAtMs?: number | undefined;
  /** GPUs that have been there since the start and are gone. */
  readonly missing: number;
  /** Errors since the start, by GPU and number. */
  readonly xidCounts: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly xidLastAtMs: ReadonlyMap<string, number>;
  /** Which worker a process is, if it is one of ours. */
  workerOf(pid: number): string | undefined;
}

/** The GPUs' series: whatever a driver does not say is absent. */
export class GpuCollector implements Collector {
  readonly name = 'gpu';
  readonly #figures: () => GpuFigures | undefined;

  /** @param figures Undefined where there is no driver. */
  constructor(figures: () => GpuFigures | undefined) {
    this.#figures = figures;
  }

  /** See {@link Collector.collect}. */
  collect(metrics: MetricSet): void {
    clear(metrics);
    const figures = this.#figures();
    if (!figures) return;
    const { snapshot, isReadable, lastReadAtMs, missing } = figures;
    metrics.gpu_last_collect_success.set(isReadable ? 1 : 0);
    setIfKnown(metrics.gpu_last_collect_timestamp_seconds, {}, seconds(lastReadAtMs));
    metrics.gpus_missing.set(missing);
    collectXids(metrics, figures);
    if (!snapshot) return;
    metrics.gpu_collect_duration_seconds.set(snapshot.collectMs / 1000);
    for (const gpu of snapshot.gpus) collectGpu(metrics, gpu, { snapshot, figures });
  }
}

/** Series without labels would begin with 0 after a reset. */
function clear(metrics: MetricSet): void {
  for (const name of Object.keys(GPU_SERIES) as (keyof typeof GPU_SERIES)[]) {
    metrics[name].reset();
    if (GPU_SERIES[name].labels.length === 0) metrics[name].remove();
  }
}

interface Around {
  readonly snapshot: GpuSnapshot;
  readonly figures: GpuFigures;
}

function collectGpu(metrics: MetricSet, reading: GpuReading, { snapshot, figures }: Around): void {
  const { uuid: gpu, index, name, memory, utilizationRatio, clocksHertz } = reading;
  const { driverVersion, cudaVersion } = snapshot;
  metrics.gpu_info.set(
    {
      gpu,
      index: String(index),
      name,
      driver_version: driverVersion ?? '',
      cuda_version: cudaVersion ?? '',
    },
    1,
  );
  setIfKnown(metrics.gpu_utilization_ratio, { gpu }, utilizationRatio.gpu);
  setIfKnown(metrics.gpu_memory_utilization_ratio, { gpu }, utilizationRatio.memory);
  setIfKnown(metrics.gpu_encoder_utilization_ratio, { gpu }, utilizationRatio.encoder);
  setIfKnown(metrics.gpu_decoder_utilization_ratio, { gpu }, utilizationRatio.decoder);
  setIfKnown(metrics.gpu_memory_total_bytes, { gpu }, memory.totalBytes);
  setIfKnown(metrics.gpu_memory_used_bytes, { gpu }, memory.usedBytes);
  setIfKnown(metrics.gpu_memory_free_bytes, { gpu }, memory.freeBytes);
  setIfKnown(metrics.gpu_memory_reserved_bytes, { gpu }, memory.reservedBytes);
  for (const clock of ['graphics', 'sm', 'memory', 'video'] as const) {
    setIfKnown(metrics.gpu_clock_hertz, { gpu, clock }, clocksHertz[clock]);
  }
  collectBoard(metrics, reading);
  collectHealth(metrics, reading);
  collectProcesses(metrics, reading, figures);
}

function collectBoard(metrics: MetricSet, reading: GpuReading): void {
  const { uuid: gpu, pcieBytesPerSecond } = reading;
  setIfKnown(metrics.gpu_temperature_celsius, { gpu }, reading.temperatureCelsius);
  setIfKnown(metrics.gpu_temperature_slowdown_celsius, { gpu }, reading.slowdownCelsius);
  setIfKnown(metrics.gpu_power_watts, { gpu }, reading.powerWatts);
  setIfKnown(metrics.gpu_power_limit_watts, { gpu }, reading.powerLimitWatts);
  countIfKnown(metrics.gpu_energy_joules_total, { gpu }, reading.energyJoules);
  setIfKnown(metrics.gpu_performance_state, { gpu }, reading.performanceState);
  setIfKnown(metrics.gpu_fan_speed_ratio, { gpu }, reading.fanSpeedRatio);
  for (const direction of ['tx', 'rx'] as const) {
    const bytes = pcieBytesPerSecond[direction];
    setIfKnown(metrics.gpu_pcie_bytes_per_second, { gpu, direction }, bytes);
  }
}

function collectHealth(metrics: MetricSet, reading: GpuReading): void {
  const { uuid: gpu, eccErrors, remappedRows, recoveryAction } = reading;
  for (const [reason, isHolding] of Object.entries(reading.clockEventReasons ?? {})) {
    metrics.gpu_clock_event_reason.set({ gpu, reason }, isHolding ? 1 : 0);
  }
  for (const kind of ['corrected', 'uncorrected'] as const) {
    countIfKnown(metrics.gpu_ecc_errors_total, { gpu, kind }, eccErrors[kind]);
  }
  for (const kind of ['correctable', 'uncorrectable', 'pending', 'failed'] as const) {
    setIfKnown(metrics.gpu_remapped_rows, { gpu, kind }, remappedRows[kind]);
  }
  if (recoveryAction === null) return;
  metrics.gpu_recovery_action.set({ gpu }, RECOVERY_ACTIONS.indexOf(recoveryAction));
}

/** Those of our workers; what other programs there are is nobody's business here. */
function collectProcesses(metrics: MetricSet, reading: GpuReading, figures: GpuFigures): void {
  const { uuid: gpu, slices } = reading;
  const slicesProcesses = slices.flatMap((slice) => slice.processes);
  for (const { pid, memoryBytes } of [...(reading.processes ?? []), ...slicesProcesses]) {
    const worker = figures.workerOf(pid);
    if (worker === undefined) continue;
    setIfKnown(metrics.gpu_process_memory_bytes, { gpu, worker }, memoryBytes);
  }
  for (const { uuid: mig, memory } of slices) {
    setIfKnown(metrics.gpu_mig_memory_total_bytes, { gpu, mig }, memory.totalBytes);
    setIfKnown(metrics.gpu_mig_memory_used_bytes, { gpu, mig }, memory.usedBytes);
  }
}

function collectXids(metrics: MetricSet, { xidCounts, xidLastAtMs }: GpuFigures): void {
  for (const [gpu, counts] of xidCounts) {
    for (const [xid, count] of counts) {
      metrics.gpu_xid_errors_total.inc({ gpu, xid: String(xid) }, count);
    }
  }
  for (const [gpu, atMs] of xidLastAtMs) {
    setIfKnown(metrics.gpu_xid_last_timestamp_seconds, { gpu }, seconds(atMs));
  }
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}

function setIfKnown<Label extends string>(
  gauge: Gauge<Label>,
  labels: Partial<Record<Label, string>>,
  value: number | null,
): void {
  if (value !== null) gauge.set(labels, value);
}

/** The counter was emptied before: what the driver has counted is its value. */
function countIfKnown<Label extends string>(
  counter: Counter<Label>,
  labels: Partial<Record<Label, string>>,
  value: number | null,
): void {
  if (value !== null) counter.inc(labels, value);
}
