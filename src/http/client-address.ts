import type { IncomingMessage } from 'node:http';

/** Headers that a proxy adds: behind one, everybody has the address of the proxy. */
const PROXY_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'];
const LOOPBACK = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/;

/**
 * Whether a program on this machine asks, and not a proxy for somebody else, nor a web page in this
 * machine's browser: pages of any origin reach loopback addresses, and browsers tell the origin.
 */
export function isLocal({ headers, socket }: IncomingMessage): boolean {
  if (!LOOPBACK.test(socket.remoteAddress ?? '')) return false;
  return headers.origin === undefined && PROXY_HEADERS.every((name) => headers[name] === undefined);
}
