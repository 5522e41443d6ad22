import type { Middleware } from 'koa';

const EXPOSED = [
  'X-Request-Id',
  'X-Chorus-Worker',
  'X-Chorus-Model',
  'X-Chorus-Ignored',
  'Retry-After',
  'X-Should-Retry',
].join(', ');
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const DEFAULT_HEADERS = 'Authorization, Content-Type';
const MAX_AGE_SECONDS = 24 * 3600;

/**
 * Lets pages of any origin call the doors. What a preflight asks for is granted by echo, because
 * the `*` of Access-Control-Allow-Headers does not cover Authorization, and clients send headers
 * that no list foresees (`X-Stainless-*`). No cookies are used, so an open origin gives nothing away.
 */
export function cors(): Middleware {
  return function cors(ctx, next) {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Access-Control-Expose-Headers', EXPOSED);
    if (ctx.method !== 'OPTIONS') return next();
    ctx.set('Access-Control-Allow-Methods', METHODS);
    ctx.set(
      'Access-Control-Allow-Headers',
      ctx.get('Access-Control-Request-Headers') || DEFAULT_HEADERS,
    );
    ctx.set('Access-Control-Max-Age', String(MAX_AGE_SECONDS));
    ctx.vary('Access-Control-Request-Headers');
    ctx.status = 204;
  };
}
