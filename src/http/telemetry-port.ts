import type { GpuSnapshot } from '../protocol/gpus.js';
import type { SystemFigures } from '../telemetry/system/figures.js';

/** What is known of the GPUs now. */
export interface GpuView {
  /** The last one, if it still holds. */
  readonly snapshot: GpuSnapshot | undefined;
  /** Why there is no snapshot, or none newer, in a sentence for people; undefined if all is well. */
  readonly error: string | undefined;
  /** UUIDs of the GPUs that are too hot. */
  readonly temperatureWarnings: ReadonlySet<string>;
  /** How often each XID was reported since the server was started, by UUID. */
  readonly xidCounts: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** The memory of a worker. What is not known is `null`. */
export interface WorkerMemoryView {
  readonly id: string;
  /** GPU UUID or `cpu`. */
  readonly device: string;
  /** Null while no process runs. */
  readonly pid: number | null;
  readonly rssBytes: number | null;
  /** Memory that it has of its GPU now. */
  readonly vramBytes: number | null;
  /** Memory in use on its GPU, by whomever, before its models were loaded … */
  readonly vramBeforeLoadBytes: number | null;
  /** … when they had been loaded … */
  readonly vramAfterLoadBytes: number | null;
  /** … and when its last process had ended. */
  readonly vramAfterUnloadBytes: number | null;
  /** How often its memory has grown like a leak, since the server was started. */
  readonly leakSuspicions: { readonly rss: number; readonly vram: number } | null;
}

/** What the doors ask about the computer. */
export interface TelemetryPort {
  /** Figures of the host, at most a second old; never rejects. */
  system(): Promise<SystemFigures>;
  gpus(): GpuView;
  workers(): readonly WorkerMemoryView[];
}
