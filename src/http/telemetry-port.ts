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

/** What a model takes of a GPU. */
export interface ModelMemoryView {
  readonly model: string;
  /** Whether it has its memory, or was not loaded because it would not have fitted. */
  readonly state: 'placed' | 'refused';
  /** Once its weights are loaded … */
  readonly loadBytes: number;
  /** … and once it is warm. */
  readonly peakBytes: number;
  /** Whether other programs may be in the figures. */
  readonly isEstimated: boolean;
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
  /** … just before its last process ended … */
  readonly vramBeforeUnloadBytes: number | null;
  /** … and when it had. */
  readonly vramAfterUnloadBytes: number | null;
  /** What its models may take of its GPU together, and what is left of that. */
  readonly vramBudgetBytes: number | null;
  readonly vramLeftBytes: number | null;
  /** Models of which it is known what they take of its GPU. */
  readonly vramModels: readonly ModelMemoryView[];
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
