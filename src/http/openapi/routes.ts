import type { Router } from '@koa/router';
import { clientKeys } from '../auth-keys.js';
import type { DoorContext, DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { openApiDocument } from './document.js';
import type { OpenApiDocument } from './document-types.js';
import { OPERATIONS, SOCKET_OPERATIONS } from './operations.js';
import { docsPage } from './page.js';
import { PAGE_POLICY } from './page-style.js';
import { reader } from './reader.js';

/** Adds `/docs` and `/openapi.json`, if `DEBUG` asks for them. */
export function addDocsRoutes(routes: Router<DoorState>, dependencies: AppDependencies): void {
  const { settings, keys, status } = dependencies;
  if (!settings.debug) return;
  const guard = reader(keys);
  const drawn = (ctx: DoorContext): OpenApiDocument =>
    openApiDocument({
      version: status().version,
      operations: OPERATIONS,
      sockets: SOCKET_OPERATIONS,
      url: settings.publicUrl ?? `${ctx.protocol}://${ctx.host}`,
    });
  routes.get('/openapi.json', guard, (ctx) => {
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    ctx.body = drawn(ctx);
  });
  routes.get('/docs', guard, (ctx) => {
    ctx.set({
      'Cache-Control': 'no-store',
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_POLICY,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    });
    ctx.body = docsPage(drawn(ctx), { needsKey: clientKeys(keys).length > 0 });
  });
}
