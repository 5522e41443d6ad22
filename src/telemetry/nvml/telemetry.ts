import type { ChildService, SupervisorLink } from '../../protocol/child.js';
import type { TelemetryInit } from '../../protocol/control.js';
import type { GpuReport } from '../../protocol/gpus.js';
import { Collector } from './collector.js';
import type { CollectorOptions } from './collector.js';
import { loadNvml } from './library.js';

/** How often it looks, and how. */
export interface TelemetryOptions extends CollectorOptions {
  readonly tickMs?: number;
}

const TICK_MS = 1_000;

/**
 * Starts to tell the supervisor of the GPUs. It returns before it has asked the driver anything: a
 * driver that hangs takes this process with it, but not its handshake.
 */
export function startTelemetry(
  { nvmlLibrary }: TelemetryInit,
  link: SupervisorLink,
  options: TelemetryOptions = {},
): ChildService {
  const { tickMs = TICK_MS, ...collectorOptions } = options;
  const stopping = new AbortController();
  let collector: Collector | undefined;

  async function begin(): Promise<void> {
    const library = await loadNvml(nvmlLibrary);
    if (stopping.signal.aborted) return;
    collector = new Collector(library, collectorOptions);
    look();
    const timer = setInterval(look, tickMs);
    stopping.signal.addEventListener('abort', () => clearInterval(timer));
  }

  function look(): void {
    const report = collector?.look();
    if (report) tell(report);
  }

  function tell(report: GpuReport): void {
    link.send({ type: 'gpus', report });
  }

  setImmediate(() => {
    begin().catch((caught: unknown) => {
      tell({ state: 'absent', reason: caught instanceof Error ? caught.message : String(caught) });
    });
  });

  return {
    vitals: () => ({ runningSteps: [], openRequests: 0 }),
    async stop() {
      stopping.abort();
      collector?.close();
    },
  };
}
