import type { Context, Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { familyOf } from '../api-family.js';
import { type AuthKeys, clientKeys } from '../auth-keys.js';
import { isLocal } from '../client-address.js';
import type { Keys } from '../keys.js';
import { masked, presentedKey } from '../presented-key.js';
import { PROBES } from '../probes.js';

/** In any letter case: the router takes `/ADMIN` for `/admin` too. */
const ADMIN_PATH = /^\/admin(?:\/|$)/i;

/** Asks for a key (`Authorization: Bearer` or `api-key`) where one is configured. */
export function auth(keys: AuthKeys): Middleware {
  return function auth(ctx, next) {
    if (ADMIN_PATH.test(ctx.path)) demandOperator(ctx, keys);
    else if (!PROBES.has(ctx.path) && !familyOf(ctx.path).asksItself) demandClient(ctx, keys);
    return next();
  };
}

/** Without keys of their own, operators are local clients, and clients present their key if any has. */
function demandOperator(ctx: Context, keys: AuthKeys): void {
  const { admin } = keys;
  if (!admin.isEmpty) {
    const key = presentedKey(ctx.headers);
    if (key !== undefined && !admin.has(key) && clientKeys(keys).some((one) => one.has(key))) {
      throw notAnOperator();
    }
    return demandKey(ctx, [admin]);
  }
  if (!isLocal(ctx.req)) throw notLocal();
  demandClient(ctx, keys);
}

function demandClient(ctx: Context, keys: AuthKeys): void {
  const accepted = clientKeys(keys);
  if (accepted.length > 0) demandKey(ctx, accepted);
}

function demandKey(ctx: Context, accepted: readonly Keys[]): void {
  const key = presentedKey(ctx.headers);
  // All are asked, so that time does not tell which of them knew it.
  if (key !== undefined && accepted.map((keys) => keys.has(key)).includes(true)) return;
  ctx.set('WWW-Authenticate', 'Bearer');
  throw new ChorusError(
    'unauthorized',
    key === undefined
      ? 'An API key is needed: send the header "Authorization: Bearer <key>".'
      : `The API key "${masked(key)}" is not valid.`,
  );
}

function notAnOperator(): ChorusError {
  return new ChorusError('forbidden', 'This route needs one of ADMIN_KEYS, not a client key.');
}

function notLocal(): ChorusError {
  const message = 'Without ADMIN_KEYS only programs on this machine may use /admin.';
  return new ChorusError('forbidden', message);
}
