import type { IncomingMessage } from 'node:http';
import type { DoorContext } from '../context.js';
import type { UpgradeRequest } from './family.js';

/** What the router leaves on the context. */
export interface Routed {
  readonly params?: Readonly<Record<string, string>>;
}

/** How clients of the Realtime API that cannot set headers (browsers) present their key. */
const KEY_SUBPROTOCOL = 'openai-insecure-api-key.';
/** Some clients send these twice, and Node joins the two values. */
const ONCE_HEADERS = ['sec-websocket-key', 'sec-websocket-version'];

/** Whether an upgrade is one to a WebSocket, and not to HTTP/2 or anything else. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Makes headers what they are meant to be: single where they are doubled, a key where keys stand. */
export function mendHeaders({ headers }: IncomingMessage): void {
  for (const name of ONCE_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') headers[name] = value.split(',')[0]?.trim();
  }
  const key = subprotocolsOf(headers['sec-websocket-protocol'])
    .find((one) => one.startsWith(KEY_SUBPROTOCOL))
    ?.slice(KEY_SUBPROTOCOL.length);
  if (key) headers.authorization ??= `Bearer ${key}`;
}

/** The upgrade as the families see it. */
export function upgradeRequestOf(ctx: DoorContext & Routed): UpgradeRequest {
  const { path, params = {}, querystring, req } = ctx;
  return { path, params, query: new URLSearchParams(querystring), headers: req.headers };
}

/** The subprotocols that a header offers, in its order. */
function subprotocolsOf(header: string | undefined): string[] {
  return (header ?? '').split(',').map((one) => one.trim());
}
