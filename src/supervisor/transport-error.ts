import { ChorusError } from '../protocol/errors.js';
import { LostReplica } from './lost-replica.js';

/** What a process is condemned for when a connection to it breaks that nobody aborted. */
export const BROKEN_SOCKET = 'Its data socket broke.';
/** The exit of a dead process is seen some milliseconds after its sockets have broken. */
export const EXIT_GRACE_MS = 500;

/**
 * What went wrong on a child's data socket, in the words of the error table.
 * @param exchange The request's signal, and what the child is called in messages.
 */
export function transportError(
  caught: unknown,
  exchange: { readonly signal: AbortSignal; readonly process: string },
): ChorusError {
  // What the other side told us, and not what became of the way there.
  if (caught instanceof ChorusError && caught.code !== 'replica_lost') return caught;
  if (exchange.signal.aborted) return ChorusError.ofAbort(exchange.signal);
  if (caught instanceof LostReplica) return caught;
  const message = `The ${exchange.process} was lost in the middle of the request.`;
  return new LostReplica(message, { cause: caught });
}
