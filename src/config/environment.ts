import { SETTING_NAMES, SETTING_TABLE } from './table.js';
import type { SettingRow } from './table.js';

/** `OTEL_EXPORTER_OTLP_HEADERS` and those of single signals: they hold keys of collectors. */
const COLLECTOR_KEYS = /^OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS$/;

function isSecret(name: string): boolean {
  return COLLECTOR_KEYS.test(name) || isSecretSetting(name);
}

function isSecretSetting(name: string): boolean {
  return SETTING_NAMES.some((known) => {
    const row: SettingRow = SETTING_TABLE[known];
    return known === name && row.secret === true;
  });
}

/**
 * Makes the environment of a child process: this one's, changed as the caller says, without our
 * keys and tokens, which no child needs, and with onnxruntime's telemetry off: its Linux build has
 * a client of Microsoft's collector, which also leaves files in the temp folder. glibc would give each
 * thread a heap of its own, of which parts stay unused: two heaps save a worker some 30 MB.
 */
export function childEnvironment(
  changes: NodeJS.ProcessEnv = {},
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !isSecret(name));
  return {
    MALLOC_ARENA_MAX: '2',
    ...Object.fromEntries(kept),
    ORT_DISABLE_TELEMETRY: '1',
    ...changes,
  };
}
