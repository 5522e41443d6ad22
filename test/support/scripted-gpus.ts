import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { GpuMemory, GpuReading, GpuReport, GpuSnapshot } from '../../src/protocol/gpus.js';

/** What test/workers/telemetry-entry.ts is told: a report to make, or how to misbehave. */
export type TelemetryLine = GpuReport | { readonly order: 'block' | 'mute' | 'crash' };

/** Memory of which so much is in use. */
export function memoryOf(usedBytes: number | null): GpuMemory {
  return { totalBytes: null, usedBytes, freeBytes: null, reservedBytes: null };
}

/** A GPU of which nothing is known but what is told. */
export function gpuOf(uuid: string, known: Partial<GpuReading> = {}): GpuReading {
  return {
    uuid,
    index: 0,
    name: 'Test',
    pciBusId: null,
    memory: memoryOf(null),
    utilizationRatio: { gpu: null, memory: null, encoder: null, decoder: null },
    temperatureCelsius: null,
    slowdownCelsius: null,
    powerWatts: null,
    powerLimitWatts: null,
    energyJoules: null,
    clocksHertz: { graphics: null, sm: null, memory: null, video: null },
    performanceState: null,
    clockEventReasons: null,
    fanSpeedRatio: null,
    eccErrors: { corrected: null, uncorrected: null },
    remappedRows: { correctable: null, uncorrectable: null, pending: null, failed: null },
    pcieBytesPerSecond: { tx: null, rx: null },
    recoveryAction: null,
    processes: null,
    slices: [],
    ...known,
  };
}

/** A look at such GPUs. */
export function snapshotOf(
  gpus: readonly GpuReading[],
  known: Partial<GpuSnapshot> = {},
): GpuSnapshot {
  return {
    atMs: Date.now(),
    collectMs: 0,
    driverVersion: null,
    cudaVersion: null,
    gpus,
    unreadable: 0,
    lost: [],
    xids: [],
    ...known,
  };
}

/** The GPUs that a real telemetry process of test/workers/telemetry-entry.ts sees. */
export class ScriptedGpus {
  readonly #dir = mkdtempSync(join(tmpdir(), 'chorus-gpus-'));
  /** What to set as `nvmlLibrary`. */
  readonly path = join(this.#dir, 'script.jsonl');

  constructor() {
    writeFileSync(this.path, '');
  }

  /** The process shall say or do this next. */
  tell(line: TelemetryLine): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }

  /** The process shall see these GPUs from now on. */
  show(gpus: readonly GpuReading[], known: Partial<GpuSnapshot> = {}): void {
    this.tell({ state: 'read', snapshot: snapshotOf(gpus, known) });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
