import { type IncomingMessage, type RequestOptions, request as askHttp } from 'node:http';
import { request as askHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ChorusError } from '../../protocol/errors.js';
import type { Destination } from './destination.js';
import type { TimeBounds } from './time-bounds.js';

/** What our requests call themselves. */
const USER_AGENT = 'chorus';
/** Far more than headers need. */
const MAX_HEADER_BYTES = 16_384;

/** A request to a host that was checked. */
export interface OutboundRequest {
  readonly destination: Destination;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bounds: TimeBounds;
}

/**
 * Sends a request and resolves with the answer's head; its body must be read or destroyed. The
 * connection is made for it alone, to the addresses that were checked, past any proxy of the
 * environment. Node's own client does it: a hostile server can end the process by way of undici 7.30,
 * which asserts that nobody closes a connection while its parser is paused.
 * @throws ChorusError `fetch_failed` that tells nothing of what was answered.
 */
export function exchange(sent: OutboundRequest): Promise<IncomingMessage> {
  const { destination, body, bounds } = sent;
  const ask = destination.url.protocol === 'https:' ? askHttps : askHttp;
  return new Promise((resolve, reject) => {
    const request = ask(destination.url, optionsOf(sent));
    const onFailure = (): void => reject(failureOf(bounds));
    request.on('error', onFailure).on('close', onFailure);
    request.on('socket', (socket) => socket.on('connect', () => bounds.progress()));
    request.on('response', (response) => {
      bounds.progress();
      // It is listened to from the beginning: a broken connection must never be nobody's business.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.end(body);
  });
}

/** What a broken exchange is told as. */
export function failureOf({ signal }: TimeBounds): ChorusError {
  if (signal.aborted) return ChorusError.ofAbort(signal);
  return new ChorusError('fetch_failed', 'The address could not be reached, or broke off.');
}

function optionsOf({ destination, method, headers, body, bounds }: OutboundRequest) {
  return {
    method,
    agent: false,
    lookup: pinned(destination),
    family: 0,
    // Asks for all addresses at once, in the one form that `pinned` answers.
    autoSelectFamily: true,
    signal: bounds.signal,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: {
      'user-agent': USER_AGENT,
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    },
  } satisfies RequestOptions & { readonly autoSelectFamily: boolean };
}

/** Gives out what was checked, so that a name cannot lead elsewhere a moment later. */
function pinned({ addresses }: Destination): LookupFunction {
  return (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map(({ address, family }) => ({ address, family })),
    );
  };
}
