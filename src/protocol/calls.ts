import type { StepTimes } from './trace.js';

/** Headers that name a call on a data socket. */

/** Id of the call, unique for the life of the supervisor: control messages speak of it. */
export const CALL_HEADER = 'x-chorus-call';
/** Id of the client's request, for log lines only. */
export const REQUEST_HEADER = 'x-request-id';
/** Span of the call in W3C Trace Context, if it is traced: the worker then tells of its steps. */
export const TRACE_HEADER = 'traceparent';

/** Steps that a worker tells of one call at most. */
export const MAX_TOLD_STEPS = 256;

/** Which steps of a traced call have ended since the last of these frames. */
export interface StepsTold {
  readonly type: 'steps';
  readonly steps: readonly StepTimes[];
}
