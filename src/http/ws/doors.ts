import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Router } from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { familyOf } from '../api-family.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { admission } from '../middleware/admission.js';
import { auth } from '../middleware/auth.js';
import { claim } from '../middleware/claim.js';
import { errors } from '../middleware/errors.js';
import { noRoute } from '../middleware/no-route.js';
import { tracing } from '../middleware/tracing.js';
import { requestState } from '../middleware/request-state.js';
import { accept, type AcceptOptions } from './accept.js';
import type { Connection } from './connection.js';
import type { WebSocketFamily } from './family.js';
import { PING_INTERVAL_MS } from './heartbeat.js';
import { serveWithoutUpgrade } from './plain-request.js';
import { streamLog } from './stream-log.js';
import { asksForWebSocket, mendHeaders, type Routed, upgradeRequestOf } from './upgrade-request.js';

/** How long clients may take to answer our close frame when the server stops. */
const CLOSE_GRACE_MS = 1_000;

/** What the doors are made of. */
export interface WebSocketDoorOptions extends Pick<
  AppDependencies,
  'router' | 'keys' | 'admissions' | 'log' | 'metrics' | 'tracing'
> {
  readonly families: readonly WebSocketFamily[];
  /** Shorter in tests. */
  readonly pingIntervalMs?: number;
}

/**
 * Takes the upgrades of an HTTP server. Until the upgrade a request goes through the middleware that
 * all requests go through, so that keys, ids, claims, drains and refusals are the same.
 */
export class WebSocketDoors {
  /** The patterns of all paths where connections are taken. */
  readonly paths: readonly string[];
  readonly #connections = new Set<Connection>();
  readonly #serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>;

  constructor(options: WebSocketDoorOptions) {
    this.paths = options.families.flatMap(({ paths }) => paths);
    this.#serve = createUpgradeApp(options, {
      router: options.router,
      metrics: options.metrics.requests,
      connections: this.#connections,
      pingIntervalMs: options.pingIntervalMs ?? PING_INTERVAL_MS,
    }).callback();
  }

  /** Takes all upgrades of a server. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, _socket, head: Buffer) => {
      if (asksForWebSocket(request)) this.#upgrade(request, head);
      else serveWithoutUpgrade(server, request, head);
    });
  }

  /** Closes all connections because the server stops; resolves when the last one has ended. */
  async close(): Promise<void> {
    const open = [...this.#connections];
    for (const connection of open) connection.fail(ChorusError.draining());
    const timer = setTimeout(() => open.forEach((one) => one.terminate()), CLOSE_GRACE_MS);
    await Promise.all(open.map((connection) => connection.closed));
    clearTimeout(timer);
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    // Until the upgrade nobody else listens, and a client may leave at any time.
    socket.on('error', () => undefined);
    if (head.length > 0) socket.unshift(head);
    mendHeaders(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // It stays with the socket after the upgrade too: its `close` tells of the connection's end.
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    void this.#serve(request, response);
  }
}

function createUpgradeApp(
  { families, keys, admissions, log, metrics, tracing: traces }: WebSocketDoorOptions,
  options: AcceptOptions,
): Koa<DoorState> {
  const app = new Koa<DoorState>();
  const routes = new Router<DoorState>();
  for (const family of families) {
    routes.get(
      [...family.paths],
      errors(
        (error, request) => ({ status: error.status, body: family.errorBody(error, request) }),
        log,
      ),
      authorize(family) ?? auth(keys),
      admission(admissions),
      claim(),
      accept(family, options),
    );
  }
  app.use(requestState());
  if (traces) app.use(tracing(traces));
  app.use(streamLog(log, metrics.requests));
  app.use(errors((error, request) => familyOf(request.path).drawError(error, request), log));
  app.use(routes.routes());
  app.use(auth(keys));
  app.use(noRoute());
  app.on('error', (error: unknown) => log.debug({ err: error }, 'a connection broke'));
  return app;
}

function authorize(family: WebSocketFamily): Middleware<DoorState, Routed> | undefined {
  if (!family.authorize) return undefined;
  return async function authorize(ctx, next) {
    family.authorize?.(upgradeRequestOf(ctx));
    return next();
  };
}
