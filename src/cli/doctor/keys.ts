import { isLoopback } from '../server-address.js';
import type { CheckContext, Finding } from './check.js';

/** Looks whether the server would be open to a network without a key. */
export function checkKeys({ settings: { host, apiKeys } }: CheckContext): Finding {
  if (apiKeys.length > 0) {
    const keys = apiKeys.length === 1 ? '1 key opens' : `${apiKeys.length} keys open`;
    return { state: 'ok', detail: `${keys} the API at ${host}` };
  }
  if (isLoopback(host)) {
    return { state: 'ok', detail: `no keys; ${host} is reached from this machine only` };
  }
  return {
    state: 'warning',
    detail: `no keys, and HOST=${host} is open to the network`,
    advice: 'Set API_KEYS, or HOST=127.0.0.1.',
  };
}
