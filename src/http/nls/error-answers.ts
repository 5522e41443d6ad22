import type { ErrorAnswer } from '../api-family.js';
import type { ChorusError } from '../../protocol/errors.js';
import { nlsStatusOf } from './status-codes.js';
import { taskIdOf } from './task-id.js';

/** What a request tells of itself in the answer to it. */
export interface AnsweredRequest {
  readonly requestId: string;
  /** Path that was asked for, without its query: that may hold a token. */
  readonly path: string;
}

/** The body of a failure under `/stream/v1`, and of refused upgrades. */
export function nlsStreamBody(error: ChorusError, requestId: string): object {
  const { message } = error;
  return { task_id: taskIdOf(requestId), result: '', status: nlsStatusOf(error), message };
}

/**
 * A failure under `/stream/v1`: HTTP 200, because official SDKs look at the body. A route that is not
 * there says so in HTTP too.
 */
export function nlsStreamError(error: ChorusError, { requestId }: AnsweredRequest): ErrorAnswer {
  const isNoRoute = error.code === 'route_not_found' || error.code === 'method_not_allowed';
  return {
    status: isNoRoute ? error.status : 200,
    body: nlsStreamBody(error, requestId),
    headers: { task_id: taskIdOf(requestId) },
  };
}

/** A failure under `/rest/v1`: a real status, and a body of its own form. */
export function nlsRestError(
  error: ChorusError,
  { requestId, path }: AnsweredRequest,
): ErrorAnswer {
  const body = {
    status: error.status,
    error_code: nlsStatusOf(error),
    error_message: error.message,
    request_id: taskIdOf(requestId),
    url: path,
  };
  return { status: error.status, body };
}
