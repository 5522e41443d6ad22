import type { Middleware } from 'koa';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { ChorusError } from '../../protocol/errors.js';
import type { Router, Stream } from '../../routing/router.js';
import type { RequestMetrics } from '../../telemetry/metrics/request-metrics.js';
import type { DoorContext, DoorState } from '../context.js';
import { endRequest } from '../middleware/tracing.js';
import { Connection, placeStream } from './connection.js';
import type { WebSocketFamily } from './family.js';
import { type Routed, upgradeRequestOf } from './upgrade-request.js';

/** What a single message may have at most; longer ones close the connection with 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** How long a client may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2_000;
const NO_HEAD = Buffer.alloc(0);

/** What connections are opened with. */
export interface AcceptOptions {
  readonly router: Router;
  readonly metrics: RequestMetrics;
  readonly pingIntervalMs: number;
  /** All connections that are open. */
  readonly connections: Set<Connection>;
}

/** Turns a request into a connection of the family; resolves when that has ended. */
export function accept(
  family: WebSocketFamily,
  options: AcceptOptions,
): Middleware<DoorState, Routed> {
  const server = serverFor(family);
  return async function accept(ctx) {
    const request = upgradeRequestOf(ctx);
    const demand = await family.handshake?.(request);
    if (ctx.state.signal.aborted) throw ChorusError.ofAbort(ctx.state.signal);
    if (demand) ctx.state.facts.task = demand.service;
    const stream = demand && placeStream(options.router, ctx.state.claim, demand);
    const { router, metrics, pingIntervalMs, connections } = options;
    const webSocket = upgrade(server, ctx, stream);
    endUpgrade(ctx);
    const { socket } = ctx.req;
    const parts = { webSocket, socket, request, state: ctx.state, router, metrics, pingIntervalMs };
    const connection = new Connection(parts);
    if (stream) connection.adopt(stream);
    await serve(connection, family, connections);
  };
}

/** The upgrade's trace ends here: what is done on the connection has traces of its own. */
function endUpgrade(ctx: DoorContext): void {
  endRequest(ctx, 'ok');
  const { trace: _, ...claim } = ctx.state.claim;
  Object.assign(ctx.state, { claim });
}

/** Lets a family speak; whatever it throws is the connection's end, and not an HTTP answer. */
async function serve(
  connection: Connection,
  family: WebSocketFamily,
  connections: Set<Connection>,
): Promise<void> {
  connections.add(connection);
  try {
    connection.handle(family.open(connection));
  } catch (caught) {
    connection.fail(caught);
  }
  await connection.closed;
  connections.delete(connection);
}

function serverFor({ subprotocols = [] }: WebSocketFamily): WebSocketServer {
  // The types do not know of `closeTimeout` yet.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Audio does not get smaller, and small texts cost more than they save.
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered) => [...offered].find((one) => subprotocols.includes(one)) ?? false,
  };
  const server = new WebSocketServer(options);
  // With a listener it leaves the refusal of what is no handshake to us.
  server.on('wsClientError', () => undefined);
  return server;
}

/** Answers 101 at once; or gives the stream back and throws. */
function upgrade(server: WebSocketServer, ctx: DoorContext, stream: Stream | undefined): WebSocket {
  const opened: WebSocket[] = [];
  const addHeaders = (lines: string[]): void => {
    lines.push(`X-Request-Id: ${ctx.state.requestId}`);
    if (!stream) return;
    lines.push(`X-Chorus-Worker: ${stream.workerId}`, `X-Chorus-Model: ${stream.model}`);
  };
  server.once('headers', addHeaders);
  server.handleUpgrade(ctx.req, ctx.req.socket, NO_HEAD, (webSocket) => opened.push(webSocket));
  server.off('headers', addHeaders);
  const [webSocket] = opened;
  if (!webSocket) {
    stream?.close();
    const message = 'The upgrade is no WebSocket handshake of version 13 (RFC 6455).';
    throw new ChorusError('invalid_value', message);
  }
  ctx.respond = false;
  ctx.res.statusCode = 101;
  return webSocket;
}
