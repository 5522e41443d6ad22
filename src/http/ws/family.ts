import type { IncomingHttpHeaders } from 'node:http';
import type { ChorusError } from '../../protocol/errors.js';
import type { AnsweredRequest } from '../nls/error-answers.js';
import type { StreamRequest } from '../../routing/router.js';
import type { Connection } from './connection.js';

/** What a client asks for with its upgrade. */
export interface UpgradeRequest {
  readonly path: string;
  /** What the path's pattern leaves open, such as the id in `/ws/:id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** Which worker a connection needs: whose it is and how urgent comes from the upgrade's headers. */
export type StreamDemand = Pick<StreamRequest, 'service' | 'model' | 'cacheKey'>;

/** What becomes of what a client sends; each is called as it comes, one after the other. */
export interface SocketHandlers {
  /** A whole text message. */
  onText?(text: string): void;
  /** A whole binary message. The bytes stay as they are: nobody writes over them later. */
  onBytes?(bytes: Uint8Array): void;
  /** The last message of a connection that is about to be closed for a failure; none if undefined. */
  farewell?(error: ChorusError): string | undefined;
}

/** A protocol spoken over WebSockets. What its methods throw closes or refuses the connection. */
export interface WebSocketFamily {
  /** Patterns in the router's grammar, for example `/ws/v1` or `/ws/:id`. */
  readonly paths: readonly string[];
  /** Subprotocols that it speaks; of those that a client offers the first one is chosen. */
  readonly subprotocols?: readonly string[];
  /** Draws the body of an upgrade's refusal. */
  errorBody(error: ChorusError, request: AnsweredRequest): object;
  /** Says who may come in, in place of the API keys. Throws to refuse. */
  authorize?(request: UpgradeRequest): void;
  /**
   * Looks at an upgrade before it is granted. Throws to refuse.
   * @returns What the connection shall be placed for at once, if that is known already.
   */
  handshake?(request: UpgradeRequest): Promise<StreamDemand | undefined>;
  /** A connection is open; messages come from the next turn of the event loop on. */
  open(connection: Connection): SocketHandlers;
}
