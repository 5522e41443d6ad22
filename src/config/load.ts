import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SettingsError } from './settings-error.js';
import type { ServiceSettings, Settings } from './settings.js';
import { readSources } from './sources.js';
import type { RawSetting, RawSettings } from './sources.js';
import { SETTING_NAMES, SETTING_TABLE } from './table.js';
import type { SettingName, SettingRow, SettingValues } from './table.js';

const MAX_SHOWN_CHARACTERS = 200;

function problemOf(name: SettingName, raw: RawSetting): string {
  const row: SettingRow = SETTING_TABLE[name];
  const shown = row.secret === true ? '***' : raw.text.slice(0, MAX_SHOWN_CHARACTERS);
  const mend =
    row.fallback === undefined
      ? 'Correct it, or remove it.'
      : `Correct it, or remove it for the default ${row.fallback}.`;
  return `${name}=${shown} (${raw.origin}) must be ${row.allowed}. ${mend}`;
}

function readValues(raw: RawSettings, problems: string[]): SettingValues {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const row: SettingRow = SETTING_TABLE[name];
    const given = raw.settings.get(name);
    const text = given?.text ?? row.fallback;
    if (text === undefined) continue;
    const parsed = row.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemOf(name, given ?? { text, origin: 'default' }));
  }
  // Every row has been read by its own schema; what failed is in `problems`, and then nobody reads on.
  return values as SettingValues;
}

/** Makes an object immutable, all the way down. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** The loader looks a bare name up by itself. */
function libraryAt(cwd: string, library: string | undefined): string | undefined {
  return library?.includes('/') === true ? inFolder(cwd, library) : library;
}

function fromMebibytes(mebibytes: number | undefined): number | undefined {
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
}

function inFolder(cwd: string, path: string): string {
  return path === '~' || path.startsWith('~/')
    ? join(homedir(), path.slice(1))
    : resolve(cwd, path);
}

function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'chorus');
}

function serviceSettings(
  values: SettingValues,
  raw: RawSettings,
  prefix: 'TTS' | 'ASR',
): ServiceSettings {
  const capacity = values[`${prefix}_CAPACITY`];
  const capacityIsSet = raw.settings.has(`${prefix}_CAPACITY`);
  return {
    devices: values[`${prefix}_GPUS`],
    models: values[`${prefix}_MODELS`],
    replicas: values[`${prefix}_REPLICAS`] ?? values.WORKERS,
    threads: values[`${prefix}_THREADS`],
    precision: values[`${prefix}_PRECISION`],
    capacity: capacityIsSet ? capacity : (values.INFERENCE_THREAD_POOL_SIZE ?? capacity),
  };
}

/**
 * Reads, checks and freezes the settings: environment, then `.env`, then `chorus.yaml` of the
 * folder that the server starts in. Nothing else in `src` reads the environment.
 * @throws SettingsError with everything that is wrong.
 */
export function loadSettings(
  source: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Settings {
  const { env = process.env, cwd = process.cwd() } = source;
  const raw = readSources({ env, cwd });
  const problems = [...raw.problems];
  const values = readValues(raw, problems);
  if (values.TTS_MODELS?.length === 0 && values.ASR_MODELS?.length === 0) {
    problems.push('TTS_MODELS=none and ASR_MODELS=none leave nothing to serve. Name a model.');
  }
  if (problems.length > 0) throw new SettingsError(problems);
  const logFile = values.LOG_FILE.toLowerCase() === 'none' ? undefined : values.LOG_FILE;
  return deepFreeze<Settings>({
    host: values.HOST,
    port: values.PORT,
    publicUrl: values.PUBLIC_URL,
    tts: serviceSettings(values, raw, 'TTS'),
    asr: serviceSettings(values, raw, 'ASR'),
    requireGpu: values.REQUIRE_GPU,
    maxStreams: values.MAX_STREAMS,
    maxQueue: values.MAX_QUEUE,
    queueTimeoutMs: values.QUEUE_TIMEOUT_MS,
    drainTimeoutMs: values.DRAIN_TIMEOUT_MS,
    stepTimeoutMs: values.STEP_TIMEOUT_MS,
    nvmlLibrary: libraryAt(cwd, values.NVML_LIBRARY),
    gpuMemoryLimitBytes: fromMebibytes(values.GPU_MEMORY_LIMIT_MB),
    leakGrowthBytes: values.LEAK_GROWTH_BYTES,
    leakRecycle: values.LEAK_RECYCLE,
    maxUploadBytes: values.MAX_UPLOAD_BYTES,
    modelsDir: inFolder(cwd, values.MODELS_DIR),
    dataDir: inFolder(cwd, values.DATA_DIR),
    voicesDir: inFolder(cwd, values.VOICES_DIR),
    cudaDir: inFolder(cwd, values.CUDA_DIR),
    cacheDir: inFolder(cwd, values.CHORUS_CACHE_DIR ?? defaultCacheDir(env)),
    logFile: logFile === undefined ? undefined : inFolder(cwd, logFile),
    logMaxBytes: values.LOG_MAX_BYTES,
    logBackupCount: values.LOG_BACKUP_COUNT,
    logLevel: values.LOG_LEVEL,
    ttsModelMode: values.TTS_MODEL_MODE,
    cloneModelVersion: values.CLONE_MODEL_VERSION,
    cosyvoice3ModelId: values.COSYVOICE3_MODEL_ID,
    asrModelMode: values.ASR_MODEL_MODE,
    realtimePunctuation: values.ASR_ENABLE_REALTIME_PUNC,
    nearField: {
      isEnabled: values.ASR_ENABLE_NEARFIELD_FILTER,
      rmsThreshold: values.ASR_NEARFIELD_RMS_THRESHOLD,
      isLogged: values.ASR_NEARFIELD_FILTER_LOG_ENABLED,
    },
    fetchAllowHosts: values.FETCH_ALLOW_HOSTS ?? [],
    asyncJobs: {
      retentionHours: values.ASYNC_RETENTION_HOURS,
      maxBytes: values.ASYNC_MAX_BYTES,
      notifySecret: values.NOTIFY_SECRET,
    },
    apiKeys: values.API_KEYS ?? [],
    appTokens: values.APPTOKEN ?? [],
    appKeys: values.APPKEY ?? [],
    adminKeys: values.ADMIN_KEYS ?? [],
    hfEndpoint: values.HF_ENDPOINT,
    hfToken: values.HF_TOKEN,
    modelSources: values.MODEL_SOURCES,
    debug: values.DEBUG,
  });
}
