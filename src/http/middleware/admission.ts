import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import type { Admissions } from '../admissions.js';
import { PROBES } from '../probes.js';

/**
 * Lets requests in, and refuses them at the door while the server drains, before an upload is read.
 * Clients are then asked not to use the connection again.
 */
export function admission(admissions: Admissions): Middleware {
  return function admission(ctx, next) {
    if (admissions.draining) ctx.set('Connection', 'close');
    if (PROBES.has(ctx.path)) return next();
    if (admissions.draining) throw ChorusError.draining();
    admissions.admit(ctx.res);
    return next();
  };
}
