import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const ANSWER_TIMEOUT_MS = 30_000;

/** Opens a connection that the caller may treat as badly as it likes. */
export async function openRaw(port: number, end: AbortSignal): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, signal: end });
  // Breaking is what these connections are for.
  socket.on('error', () => undefined);
  await once(socket, 'connect', { signal: end });
  return socket;
}

/** Sends bytes and waits until the kernel has taken them, or the connection is gone. */
export async function sendRaw(socket: Socket, bytes: Buffer | string): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.write(bytes, () => resolve());
  });
}

/** Waits for the status of an answer; 0 if the connection ends or stays silent instead. */
export async function statusRaw(socket: Socket): Promise<number> {
  const head = await new Promise<string>((resolve) => {
    let text = '';
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.once('close', () => resolve(text));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n')) resolve(text);
    });
  });
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
}

/** A request of any shape as it stands on the wire. */
export interface RawRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /** What the header claims; by default the truth. */
  readonly contentLength?: number;
}

/** Draws a POST request. */
export function drawRaw({ path, headers, body, contentLength }: RawRequest): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-length': String(contentLength ?? bytes.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const head = `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}
