import type { Context, Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { isLocal } from '../client-address.js';
import type { Keys } from '../keys.js';
import { PROBES } from '../probes.js';

/** In any letter case: the router takes `/ADMIN` for `/admin` too. */
const ADMIN_PATH = /^\/admin(?:\/|$)/i;

/** Who may do what. */
export interface AuthKeys {
  /** Keys of clients; none = everybody is one. */
  readonly api: Keys;
  /** Keys of operators; none = whoever sits at this machine is one. */
  readonly admin: Keys;
}

/** Asks for a key (`Authorization: Bearer` or `api-key`) where one is configured. */
export function auth({ api, admin }: AuthKeys): Middleware {
  return function auth(ctx, next) {
    if (ADMIN_PATH.test(ctx.path)) demandOperator(ctx, { api, admin });
    else if (!api.isEmpty && !PROBES.has(ctx.path)) demandKey(ctx, api);
    return next();
  };
}

/** Without keys of their own, operators are local clients, and clients present their key if any has. */
function demandOperator(ctx: Context, { api, admin }: AuthKeys): void {
  if (!admin.isEmpty) {
    const key = presentedKey(ctx);
    if (key !== undefined && !admin.has(key) && api.has(key)) throw notAnOperator();
    return demandKey(ctx, admin);
  }
  if (!isLocal(ctx.req)) throw notLocal();
  if (!api.isEmpty) demandKey(ctx, api);
}

function demandKey(ctx: Context, keys: Keys): void {
  const key = presentedKey(ctx);
  if (key !== undefined && keys.has(key)) return;
  ctx.set('WWW-Authenticate', 'Bearer');
  throw new ChorusError(
    'unauthorized',
    key === undefined
      ? 'An API key is needed: send the header "Authorization: Bearer <key>".'
      : `The API key "${masked(key)}" is not valid.`,
  );
}

/** The key that a request presents, wherever it stands. */
export function presentedKey(ctx: Context): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'));
  return bearer?.[1] ?? (ctx.get('api-key') || undefined);
}

/** Shows enough of a key to recognise it among one's own, never enough to use it. */
function masked(key: string): string {
  return key.length > 8 ? `${key.slice(0, 3)}***` : '***';
}

function notAnOperator(): ChorusError {
  return new ChorusError('forbidden', 'This route needs one of ADMIN_KEYS, not a client key.');
}

function notLocal(): ChorusError {
  const message = 'Without ADMIN_KEYS only programs on this machine may use /admin.';
  return new ChorusError('forbidden', message);
}
