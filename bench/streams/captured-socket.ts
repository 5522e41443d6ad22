import { connect, type NetConnectOpts, type Socket } from 'node:net';

import type { ClientOptions } from 'ws';

/** What a WebSocket is opened with so that frames can be written past it. */
export interface CapturedSocket {
  readonly options: ClientOptions;
  /**
   * The socket below it.
   * @throws Error before it was asked for.
   */
  socket(): Socket;
}

/** Lets a bench write frames that it has masked once: masking each would be the client's own work. */
export function captureSocket(): CapturedSocket {
  const sockets: Socket[] = [];
  const createConnection = (options: NetConnectOpts): Socket => {
    const socket = connect({ ...options, noDelay: true });
    sockets.push(socket);
    return socket;
  };
  return {
    // It goes to http.request as it is; the types forbid what that takes.
    options: { perMessageDeflate: false, createConnection } as ClientOptions,
    socket() {
      const [socket] = sockets;
      if (!socket) throw new Error('Nothing was connected yet.');
      return socket;
    },
  };
}
