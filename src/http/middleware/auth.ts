import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';

/** Routes that probes and collectors read without a key. */
const OPEN_PATHS = new Set(['/live', '/ready', '/health', '/metrics', '/system/metrics']);

/** Asks for an API key (`Authorization: Bearer` or `api-key`) if any key is configured. */
export function auth(apiKeys: readonly string[]): Middleware {
  const digests = apiKeys.map(digest);
  return async function auth(ctx, next) {
    if (digests.length > 0 && !OPEN_PATHS.has(ctx.path)) demandKey(ctx, digests);
    return next();
  };
}

function demandKey(ctx: Context, digests: readonly Buffer[]): void {
  const key = presentedKey(ctx);
  if (key !== undefined && isKnown(key, digests)) return;
  ctx.set('WWW-Authenticate', 'Bearer');
  throw new ChorusError(
    'unauthorized',
    key === undefined
      ? 'An API key is needed: send the header "Authorization: Bearer <key>".'
      : `The API key "${masked(key)}" is not valid.`,
  );
}

function presentedKey(ctx: Context): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'));
  return bearer?.[1] ?? (ctx.get('api-key') || undefined);
}

/** Compares digests of equal length with all keys, so that time tells nothing about any of them. */
function isKnown(key: string, digests: readonly Buffer[]): boolean {
  const presented = digest(key);
  return digests.reduce((known, one) => timingSafeEqual(one, presented) || known, false);
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Shows enough of a key to recognise it among one's own, never enough to use it. */
function masked(key: string): string {
  return key.length > 8 ? `${key.slice(0, 3)}***` : '***';
}
