import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The key of an `Authorization: Bearer` header. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** The API key that a request presents, wherever it stands. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['api-key'];
  return bearerOf(headers) ?? (typeof key === 'string' && key !== '' ? key : undefined);
}

/** Shows enough of a key to recognise it among one's own, never enough to use it. */
export function masked(key: string): string {
  return key.length > 8 ? `${key.slice(0, 3)}***` : '***';
}

/** Who presents a key, as a digest: the key is a secret, and may be long. */
export function clientOfKey(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
