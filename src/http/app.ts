import { Router } from '@koa/router';
import Koa from 'koa';
import { ChorusError } from '../protocol/errors.js';
import { addAdminRoutes } from './admin/routes.js';
import { familyOf } from './api-family.js';
import type { DoorContext, DoorState } from './context.js';
import type { AppDependencies } from './dependencies.js';
import { admission } from './middleware/admission.js';
import { accessLog } from './middleware/access-log.js';
import { auth } from './middleware/auth.js';
import { claim } from './middleware/claim.js';
import { cors } from './middleware/cors.js';
import { errors } from './middleware/errors.js';
import { measure } from './middleware/measure.js';
import { noRoute } from './middleware/no-route.js';
import { tracing } from './middleware/tracing.js';
import { requestState } from './middleware/request-state.js';
import { addAsyncRoutes } from './nls/async/routes.js';
import { addNlsRoutes } from './nls/routes.js';
import { addOpenAiRoutes } from './openai/routes.js';
import { addDocsRoutes } from './openapi/routes.js';
import { addOpsRoutes } from './ops/routes.js';
import { addVoiceHubRoutes } from './voicehub/routes.js';

/** Builds the HTTP application from its collaborators. */
export function createApp(dependencies: AppDependencies): Koa<DoorState> {
  const { admissions, keys, log } = dependencies;
  const app = new Koa<DoorState>();
  const routes = new Router<DoorState>();
  addOpsRoutes(routes, dependencies);
  addAdminRoutes(routes, dependencies);
  addOpenAiRoutes(routes, dependencies);
  addVoiceHubRoutes(routes, dependencies);
  if (dependencies.jobs) addAsyncRoutes(routes, dependencies, dependencies.jobs);
  addNlsRoutes(routes, dependencies);
  addDocsRoutes(routes, dependencies);
  app.use(requestState());
  if (dependencies.tracing) app.use(tracing(dependencies.tracing));
  app.use(accessLog(log));
  app.use(measure(dependencies.metrics.requests));
  app.use(cors());
  app.use(errors((error, request) => familyOf(request.path).drawError(error, request), log));
  app.use(auth(keys));
  app.use(admission(admissions));
  app.use(claim());
  app.use(routes.routes());
  app.use(noRoute());
  app.on('error', (error: unknown, ctx?: DoorContext) => {
    logUnanswered(error, ctx?.state.requestId, dependencies);
  });
  return app;
}

/** Koa reports here what broke outside our middleware: mostly clients that left. */
function logUnanswered(
  error: unknown,
  requestId: string | undefined,
  { log }: AppDependencies,
): void {
  if (error instanceof ChorusError) return;
  log.debug({ requestId, err: error }, 'a connection broke');
}
