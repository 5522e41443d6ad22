import { PRECISION_SETTINGS } from '../protocol/precision.js';
import { ASR_MODEL_MODES, CLONE_MODEL_VERSIONS, TTS_MODEL_MODES } from './settings.js';
import {
  devices,
  fraction,
  host,
  hosts,
  httpUrl,
  hubModelId,
  logLevel,
  modelIds,
  names,
  oneOf,
  path,
  secret,
  secrets,
  size,
  whole,
  yesOrNo,
} from './values.js';
import type { ValueKind } from './values.js';

/** One setting: its syntax, the text that stands for it when it is not set, and how it is shown. */
export interface SettingRow<Value = unknown> extends ValueKind<Value> {
  /** Text used when the setting is not set; undefined = there is no value then. */
  readonly fallback: string | undefined;
  /** Its value is never printed. */
  readonly secret?: boolean;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

function optional<Value>(kind: ValueKind<Value>): SettingRow<Value> {
  return { ...kind, fallback: undefined };
}

function preset<Value>(kind: ValueKind<Value>, fallback: string): PresetRow<Value> {
  return { ...kind, fallback };
}

/** A setting that always has a value. */
export interface PresetRow<Value> extends SettingRow<Value> {
  readonly fallback: string;
}

/**
 * The one table of settings. `docs/settings.md` carries the same names and defaults, and a test
 * compares the two.
 */
export const SETTING_TABLE = {
  HOST: preset(host, '127.0.0.1'),
  PORT: preset(whole(0, 65_535), '8000'),
  PUBLIC_URL: optional(httpUrl),
  TTS_GPUS: preset(devices, 'auto'),
  ASR_GPUS: preset(devices, 'auto'),
  REQUIRE_GPU: preset(yesOrNo, 'false'),
  TTS_MODELS: preset(modelIds, 'piper-en-us-joe'),
  ASR_MODELS: preset(modelIds, 'whisper-tiny.en'),
  WORKERS: optional(whole(1, 64)),
  TTS_REPLICAS: optional(whole(1, 64)),
  ASR_REPLICAS: optional(whole(1, 64)),
  TTS_THREADS: optional(whole(1, 256)),
  ASR_THREADS: optional(whole(1, 256)),
  TTS_PRECISION: preset(oneOf(PRECISION_SETTINGS), 'auto'),
  ASR_PRECISION: preset(oneOf(PRECISION_SETTINGS), 'auto'),
  INFERENCE_THREAD_POOL_SIZE: optional(whole(1, 1024)),
  TTS_CAPACITY: preset(whole(1, 1024), '8'),
  ASR_CAPACITY: preset(whole(1, 1024), '4'),
  MAX_STREAMS: preset(whole(1, 100_000), '256'),
  MAX_QUEUE: preset(whole(1, 1_000_000), '256'),
  QUEUE_TIMEOUT_MS: preset(whole(1, MAX_TIMER_MS), '30000'),
  DRAIN_TIMEOUT_MS: preset(whole(0, MAX_TIMER_MS), '30000'),
  STEP_TIMEOUT_MS: preset(whole(1_000, MAX_TIMER_MS), '120000'),
  NVML_LIBRARY: optional(path),
  GPU_MEMORY_LIMIT_MB: optional(whole(1, 2 ** 20)),
  LEAK_GROWTH_BYTES: preset(size(2 ** 20, 2 ** 40), '512MiB'),
  LEAK_RECYCLE: preset(yesOrNo, 'false'),
  MAX_UPLOAD_BYTES: preset(size(1, 2 ** 40), '512MiB'),
  MODELS_DIR: preset(path, './models'),
  DATA_DIR: preset(path, './data'),
  VOICES_DIR: preset(path, './voices'),
  CUDA_DIR: preset(path, './cuda'),
  CHORUS_CACHE_DIR: optional(path),
  LOG_FILE: preset(path, './logs/chorus.log'),
  LOG_MAX_BYTES: preset(size(0, 2 ** 40), '20MiB'),
  LOG_BACKUP_COUNT: preset(whole(0, 1000), '50'),
  LOG_LEVEL: preset(logLevel, 'info'),
  TTS_MODEL_MODE: preset(oneOf(TTS_MODEL_MODES), 'all'),
  CLONE_MODEL_VERSION: preset(oneOf(CLONE_MODEL_VERSIONS), 'cosyvoice2'),
  COSYVOICE3_MODEL_ID: preset(hubModelId, 'FunAudioLLM/Fun-CosyVoice3-0.5B-2512'),
  ASR_MODEL_MODE: preset(oneOf(ASR_MODEL_MODES), 'all'),
  ASR_ENABLE_REALTIME_PUNC: preset(yesOrNo, 'false'),
  ASR_ENABLE_NEARFIELD_FILTER: preset(yesOrNo, 'true'),
  ASR_NEARFIELD_RMS_THRESHOLD: preset(fraction(0, 1), '0.01'),
  ASR_NEARFIELD_FILTER_LOG_ENABLED: preset(yesOrNo, 'true'),
  FETCH_ALLOW_HOSTS: optional(hosts),
  NOTIFY_SECRET: { ...optional(secret), secret: true },
  ASYNC_RETENTION_HOURS: preset(whole(1, 8_760), '24'),
  ASYNC_MAX_BYTES: preset(size(2 ** 20, 2 ** 50), '4GiB'),
  API_KEYS: { ...optional(secrets), secret: true },
  APPTOKEN: { ...optional(secrets), secret: true },
  APPKEY: { ...optional(secrets), secret: true },
  ADMIN_KEYS: { ...optional(secrets), secret: true },
  HF_ENDPOINT: preset(httpUrl, 'https://huggingface.co'),
  HF_TOKEN: { ...optional(secret), secret: true },
  MODEL_SOURCES: optional(names(['huggingface', 'modelscope', 'npm', 'pypi'])),
  DEBUG: preset(yesOrNo, 'false'),
} as const satisfies Readonly<Record<string, SettingRow>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTING_TABLE;

type ValueOf<Row> =
  Row extends PresetRow<infer Value>
    ? Value
    : Row extends SettingRow<infer Value>
      ? Value | undefined
      : never;

/** The value of every setting. */
export type SettingValues = {
  readonly [Name in SettingName]: ValueOf<(typeof SETTING_TABLE)[Name]>;
};

/** All names, in the order of the table. */
export const SETTING_NAMES = Object.keys(SETTING_TABLE) as readonly SettingName[];

/** Whether a name is that of a setting. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTING_TABLE, name);
}
