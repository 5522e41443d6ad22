import { ChorusError } from '../protocol/errors.js';

/** Places that a request is tried at before its failure is the client's. */
const MAX_ATTEMPTS = 2;

/**
 * Whether a request of which nothing was sent yet is worth another place.
 * @param attempt Number of the attempt that failed, from 1.
 */
export function maySucceedElsewhere(
  caught: unknown,
  { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
): boolean {
  return attempt < MAX_ATTEMPTS && !signal.aborted && ChorusError.from(caught).retryable;
}
