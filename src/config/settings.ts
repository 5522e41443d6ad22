/** What a service's device setting says, before it is resolved against the machine's GPUs. */
export type DeviceSelection =
  | { readonly kind: 'auto' }
  /** One entry a worker: `cpu`, an index in nvidia-smi's order, or a GPU UUID. */
  | { readonly kind: 'list'; readonly devices: readonly string[] };

/** How much is logged; pino's levels. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Settings of one service. */
export interface ServiceSettings {
  readonly devices: DeviceSelection;
  /** Model ids; the first is the default; empty = the service is off. */
  readonly models: readonly string[];
  /** Replicas per device and model; undefined = chosen by device. */
  readonly replicas: number | undefined;
  /** Intra-op threads of a replica; undefined = chosen by device. */
  readonly threads: number | undefined;
  /** Leases per (worker, model). */
  readonly capacity: number;
}

/** The validated, frozen settings of a server: environment, then `.env`, then `chorus.yaml`. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly tts: ServiceSettings;
  readonly asr: ServiceSettings;
  readonly requireGpu: boolean;
  readonly maxStreams: number;
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly stepTimeoutMs: number;
  /** NVIDIA's management library, as a path or as a name that the loader finds; undefined = the system's own. */
  readonly nvmlLibrary: string | undefined;
  /** Growth of an idle worker's memory that counts as a leak. */
  readonly leakGrowthBytes: number;
  /** Whether a worker that leaks is replaced when its work has ended. */
  readonly leakRecycle: boolean;
  readonly maxUploadBytes: number;
  readonly modelsDir: string;
  readonly dataDir: string;
  readonly voicesDir: string;
  readonly cacheDir: string;
  /** Undefined = the console only. */
  readonly logFile: string | undefined;
  /** The log file is rotated before it would grow larger; 0 = never. */
  readonly logMaxBytes: number;
  /** Rotated log files that are kept; 0 = the log file is never rotated. */
  readonly logBackupCount: number;
  readonly logLevel: LogLevel;
  readonly apiKeys: readonly string[];
  readonly adminKeys: readonly string[];
  readonly hfEndpoint: string;
  readonly hfToken: string | undefined;
  /** Source types in the order to try them; undefined = the order on the card. */
  readonly modelSources: readonly string[] | undefined;
  readonly debug: boolean;
}
