import { isLoopback } from '../server-address.js';
import type { CheckContext, Finding } from './check.js';

/** Looks whether the server would be open to a network without a key. */
export function checkKeys({ settings }: CheckContext): Finding {
  const { host, apiKeys, appTokens, appKeys } = settings;
  const count = apiKeys.length + appTokens.length + appKeys.length;
  if (count > 0) {
    const keys = count === 1 ? '1 key opens' : `${count} keys open`;
    return { state: 'ok', detail: `${keys} the API at ${host}` };
  }
  if (isLoopback(host)) {
    return { state: 'ok', detail: `no keys; ${host} is reached from this machine only` };
  }
  return {
    state: 'warning',
    detail: `no keys, and HOST=${host} is open to the network`,
    advice: 'Set API_KEYS (or APPTOKEN), or HOST=127.0.0.1.',
  };
}
