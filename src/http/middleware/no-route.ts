import type { Layer } from '@koa/router';
import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import type { DoorState } from '../context.js';

/** What the router leaves on the context: the routes whose path fits, whatever their method. */
interface Matched {
  readonly matched?: readonly Layer<DoorState>[];
}

/** Answers what no route took: 405 where the path is right and the method wrong, else 404. */
export function noRoute(): Middleware<DoorState, Matched> {
  return async function noRoute(ctx) {
    const methods = (ctx.matched ?? []).flatMap((layer) => layer.methods);
    if (methods.length === 0) {
      throw new ChorusError(
        'route_not_found',
        `No route answers ${ctx.method} ${shown(ctx.path)}.`,
      );
    }
    const allowed = [...new Set(methods), 'OPTIONS'].join(', ');
    ctx.set('Allow', allowed);
    throw new ChorusError(
      'method_not_allowed',
      `${ctx.method} is not allowed on ${shown(ctx.path)}; allowed: ${allowed}.`,
    );
  };
}

function shown(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}…` : path;
}
