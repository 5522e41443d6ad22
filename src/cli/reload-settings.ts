import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import type { Logger } from '../telemetry/log.js';
import { replaceKeys } from '../http/auth-keys.js';
import type { RunningServer } from './start-server.js';
import { hasLostTerminal } from './stop-signal.js';
import { warnIfOpen } from './warn-if-open.js';

/** Settings that a running server can take on. */
const RELOADABLE: ReadonlySet<keyof Settings> = new Set([
  'logLevel',
  'apiKeys',
  'adminKeys',
  'appTokens',
  'appKeys',
]);

interface Reloadable {
  readonly server: RunningServer;
  readonly settings: Settings;
  readonly log: Logger;
}

/** Reads the settings again at each SIGHUP, and takes on those that can change while serving. */
export function reloadOnHangup({ server, settings, log }: Reloadable): void {
  let current = settings;
  process.on('SIGHUP', () => {
    if (hasLostTerminal()) return;
    try {
      current = apply(loadSettings(), { server, settings: current, log });
    } catch (err) {
      log.error({ err }, 'the settings cannot be reloaded; the old ones stay in force');
    }
  });
}

/** @returns The settings that are in force now. */
function apply(next: Settings, { server, settings, log }: Reloadable): Settings {
  const changed = changedKeys(settings, next);
  log.level = next.logLevel;
  replaceKeys(server.keys, next);
  const applied = changed.filter((key) => RELOADABLE.has(key));
  const needRestart = changed.filter((key) => !RELOADABLE.has(key));
  log.info({ applied }, 'settings reloaded');
  if (applied.some((key) => key !== 'logLevel')) warnIfOpen({ ...next, host: settings.host }, log);
  if (needRestart.length > 0) {
    log.warn({ settings: needRestart }, 'these changes take effect only when the server restarts');
  }
  const { logLevel, apiKeys, adminKeys, appTokens, appKeys } = next;
  return { ...settings, logLevel, apiKeys, adminKeys, appTokens, appKeys };
}

function changedKeys(before: Settings, after: Settings): (keyof Settings)[] {
  const keys = Object.keys(after) as (keyof Settings)[];
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
