import { ChorusError } from '../protocol/errors.js';

/**
 * What went wrong on a child's data socket, in the words of the error table.
 * @param exchange The request's signal, and what the child is called in messages.
 */
export function transportError(
  caught: unknown,
  exchange: { readonly signal: AbortSignal; readonly process: string },
): ChorusError {
  if (caught instanceof ChorusError) return caught;
  if (exchange.signal.aborted) return ChorusError.ofAbort(exchange.signal);
  const message = `The ${exchange.process} was lost in the middle of the request.`;
  return new ChorusError('replica_lost', message, {}, { cause: caught });
}
