import { createServer as createHttpServer, type Server } from 'node:http';
import type Koa from 'koa';
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
  const handle = app.callback();
  const server = createHttpServer(
    {
      // A large file over a slow line takes its time; the spool watches for lines that are silent.
      requestTimeout: 0,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      noDelay: true,
    },
    (req, res) => void handle(req, res),
  );
  // A client that asks before it sends (curl does above 1 MiB) never sends what we would refuse.
  server.on('checkContinue', (req, res) => {
    if (!declaredTooLarge(req, maxUploadBytes)) res.writeContinue();
    void handle(req, res);
  });
  return server;
}
