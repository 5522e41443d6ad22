import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type Koa from 'koa';
import { familyOf } from './api-family.js';
import type { DoorState } from './context.js';
import { declaredTooLarge } from './multipart.js';

/** Headers are small: who needs longer for them only holds the socket. */
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than the 60 s that load balancers keep a connection, so that they close it first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** What the server needs besides the application. */
export interface ServerOptions {
  readonly maxUploadBytes: number;
}

/** Makes the HTTP server around the application; the caller listens and closes. */
export function createServer(app: Koa<DoorState>, { maxUploadBytes }: ServerOptions): Server {
  const serve = app.callback();
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    closeWithConnection(req, res);
    void serve(req, res);
  };
  const server = createHttpServer(
    {
      // A large file over a slow line takes its time; the spool watches for lines that are silent.
      requestTimeout: 0,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      noDelay: true,
    },
    handle,
  );
  // A client that asks before it sends (curl does above 1 MiB) never sends what we would refuse.
  server.on('checkContinue', (req, res) => {
    if (!announcesTooMuch(req, maxUploadBytes)) res.writeContinue();
    handle(req, res);
  });
  return server;
}

function announcesTooMuch(req: IncomingMessage, maxUploadBytes: number): boolean {
  if (declaredTooLarge(req, maxUploadBytes)) return true;
  const { maxBodyBytes = Infinity } = familyOf(/^[^?]*/.exec(req.url ?? '')?.[0] ?? '');
  return Number(req.headers['content-length'] ?? 0) > maxBodyBytes;
}

/**
 * Has a pipelined answer end with its connection. Node tells of the connection's end only the answer
 * whose turn it is; those that wait for their turn would wait for ever, and hold what they hold.
 */
function closeWithConnection({ socket }: IncomingMessage, res: ServerResponse): void {
  // Its turn has come already: then Node does it.
  if (res.socket !== null) return;
  const close = (): void => {
    if (res.socket !== null) return;
    res.destroy();
    res.emit('close');
  };
  // One listener for each answer in the pipeline is no leak.
  socket.setMaxListeners(0);
  socket.once('close', close);
  res.once('close', () => socket.off('close', close));
}
