import type { Settings } from '../config/settings.js';
import type { Logger } from '../telemetry/log.js';
import { isLoopback } from './server-address.js';

/** Warns of a door that is open to other machines and asks nobody for a key. */
export function warnIfOpen(
  {
    host,
    apiKeys,
    appTokens,
    appKeys,
  }: Pick<Settings, 'host' | 'apiKeys' | 'appTokens' | 'appKeys'>,
  log: Pick<Logger, 'warn'>,
): void {
  if (isLoopback(host) || apiKeys.length + appTokens.length + appKeys.length > 0) return;
  log.warn({ host }, 'OPEN TO THE NETWORK WITHOUT A KEY: set API_KEYS, or HOST=127.0.0.1');
}
