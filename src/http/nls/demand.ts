import type { Middleware } from 'koa';
import type { AuthKeys } from '../auth-keys.js';
import type { DoorContext, DoorState } from '../context.js';
import { credentialsOf, demandNls } from './credentials.js';

/** Asks for credentials in the headers or the query of a request, before anything else is read. */
export function demandsNls(keys: AuthKeys): Middleware<DoorState> {
  return function demandsNls(ctx, next) {
    demandNls(keys, credentialsOf(ctx.headers, queryOf(ctx)));
    return next();
  };
}

/** The query of a request. */
export function queryOf({ querystring }: Pick<DoorContext, 'querystring'>): URLSearchParams {
  return new URLSearchParams(querystring);
}
