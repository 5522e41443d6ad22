import type { PrecisionSetting } from '../protocol/precision.js';

/** What a service's device setting says, before it is resolved against the machine's GPUs. */
export type DeviceSelection =
  | { readonly kind: 'auto' }
  /** One entry a worker: `cpu`, an index in nvidia-smi's order, or a GPU UUID. */
  | { readonly kind: 'list'; readonly devices: readonly string[] };

/** How much is logged; pino's levels. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Which of FunSpeech's voices there are: `cosyvoice1` the preset ones, `cosyvoice2` the cloned ones. */
export const TTS_MODEL_MODES = ['all', 'cosyvoice1', 'cosyvoice2'] as const;
/** One of {@link TTS_MODEL_MODES}. */
export type TtsModelMode = (typeof TTS_MODEL_MODES)[number];

/** FunSpeech's models that clone voices. */
export const CLONE_MODEL_VERSIONS = ['cosyvoice2', 'cosyvoice3'] as const;
/** One of {@link CLONE_MODEL_VERSIONS}. */
export type CloneModelVersion = (typeof CLONE_MODEL_VERSIONS)[number];

/** Which recognition FunSpeech offers: of live speech, of files, or of both. */
export const ASR_MODEL_MODES = ['all', 'realtime', 'offline'] as const;
/** One of {@link ASR_MODEL_MODES}. */
export type AsrModelMode = (typeof ASR_MODEL_MODES)[number];

/** What counts as too far from the microphone to be meant for us. */
export interface NearFieldSettings {
  readonly isEnabled: boolean;
  /** Root mean square, 0–1 of full scale, below which speech counts as far. */
  readonly rmsThreshold: number;
  /** Whether what is left out is logged. */
  readonly isLogged: boolean;
}

/** How finished async jobs are kept. */
export interface AsyncJobSettings {
  /** How long a job and its audio are kept, and its audio's address is good. */
  readonly retentionHours: number;
  /** Audio of all jobs together; beyond it new jobs are refused. */
  readonly maxBytes: number;
  /** Signs call-backs; undefined = they are not signed. */
  readonly notifySecret: string | undefined;
}

/** Settings of one service. */
export interface ServiceSettings {
  readonly devices: DeviceSelection;
  /** Model ids; the first is the default; empty = the service is off. */
  readonly models: readonly string[];
  /** Replicas per device and model; undefined = chosen by device. */
  readonly replicas: number | undefined;
  /** Intra-op threads of a replica; undefined = chosen by device. */
  readonly threads: number | undefined;
  /** What the models' weights are run in; `auto` = chosen by device and card. */
  readonly precision: PrecisionSetting;
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
  /** What the models of a worker may take of its GPU together; undefined = a share of what is free. */
  readonly gpuMemoryLimitBytes: number | undefined;
  /** Growth of an idle worker's memory that counts as a leak. */
  readonly leakGrowthBytes: number;
  /** Whether a worker that leaks is replaced when its work has ended. */
  readonly leakRecycle: boolean;
  readonly maxUploadBytes: number;
  readonly modelsDir: string;
  readonly dataDir: string;
  readonly voicesDir: string;
  /** Where `chorus setup cuda` lays CUDA's libraries, and workers on GPUs find them. */
  readonly cudaDir: string;
  readonly cacheDir: string;
  /** Undefined = the console only. */
  readonly logFile: string | undefined;
  /** The log file is rotated before it would grow larger; 0 = never. */
  readonly logMaxBytes: number;
  /** Rotated log files that are kept; 0 = the log file is never rotated. */
  readonly logBackupCount: number;
  readonly logLevel: LogLevel;
  readonly ttsModelMode: TtsModelMode;
  readonly cloneModelVersion: CloneModelVersion;
  readonly cosyvoice3ModelId: string;
  readonly asrModelMode: AsrModelMode;
  /** Whether guesses at live speech have punctuation too; final words have it where it is asked for. */
  readonly realtimePunctuation: boolean;
  readonly nearField: NearFieldSettings;
  /** Hosts that may be fetched from for users although they are not public; `*.x` = below x. */
  readonly fetchAllowHosts: readonly string[];
  readonly asyncJobs: AsyncJobSettings;
  readonly apiKeys: readonly string[];
  /** Tokens of NLS clients. */
  readonly appTokens: readonly string[];
  /** Application keys of NLS clients. */
  readonly appKeys: readonly string[];
  readonly adminKeys: readonly string[];
  readonly hfEndpoint: string;
  readonly hfToken: string | undefined;
  /** Source types in the order to try them; undefined = the order on the card. */
  readonly modelSources: readonly string[] | undefined;
  readonly debug: boolean;
}
