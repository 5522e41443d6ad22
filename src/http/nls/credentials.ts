import type { IncomingHttpHeaders } from 'node:http';
import { ChorusError } from '../../protocol/errors.js';
import type { AuthKeys } from '../auth-keys.js';
import { bearerOf, masked } from '../presented-key.js';

/** What an NLS client presents; either may be missing. */
export interface NlsCredentials {
  readonly token?: string | undefined;
  readonly appkey?: string | undefined;
}

/** Reads credentials from where a request's headers and its query have them. */
export function credentialsOf(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): NlsCredentials {
  const header = headers['x-nls-token'];
  const token = (typeof header === 'string' && header) || query.get('token') || bearerOf(headers);
  return { token: token || undefined, appkey: query.get('appkey') || undefined };
}

/**
 * Lets a client in that presents a right token or a right appkey, and no wrong one. An API key counts
 * as a token while `APPTOKEN` is not set; what nothing is set for is not looked at.
 * @throws ChorusError `unauthorized`, with the text that official SDKs know.
 */
export function demandNls(keys: AuthKeys, { token, appkey }: NlsCredentials): void {
  const tokens = keys.token.isEmpty ? keys.api : keys.token;
  if (tokens.isEmpty && keys.appkey.isEmpty) return;
  const presented = [
    ...(token !== undefined && !tokens.isEmpty ? [{ key: token, keys: tokens }] : []),
    ...(appkey !== undefined && !keys.appkey.isEmpty ? [{ key: appkey, keys: keys.appkey }] : []),
  ];
  if (presented.length === 0) throw denied('');
  for (const one of presented) if (!one.keys.has(one.key)) throw denied(one.key);
}

function denied(key: string): ChorusError {
  const shown = key === '' ? '' : masked(key);
  const message = `Gateway:ACCESS_DENIED:The token '${shown}' is invalid!`;
  return new ChorusError('unauthorized', message);
}
