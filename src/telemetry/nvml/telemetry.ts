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
 * Starts to tell the supervisor of the GPUs. When the driver was replaced under this process, only
 * a new one can load the library that fits, and so this one ends. It returns before it has asked the driver anything: a
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
  let newest: GpuReport | undefined;
  /** Whether this process has read GPUs. */
  let hasRead = false;

  async function begin(): Promise<void> {
    const library = await loadNvml(nvmlLibrary);
    if (stopping.signal.aborted) return;
    collector = new Collector(library, collectorOptions);
    look();
    const timer = setInterval(look, tickMs);
    stopping.signal.addEventListener('abort', () => clearInterval(timer));
  }

  function look(): void {
    // Between two tries the last failure stands: whoever says nothing counts as hanging.
    newest = collector?.look() ?? newest;
    if (newest) tell(newest);
    hasRead ||= newest?.state === 'read';
    if (hasRead && collector?.isOutdated === true) process.exit(1);
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
