/** Headers that name a call on a data socket. */

/** Id of the call, unique for the life of the supervisor: control messages speak of it. */
export const CALL_HEADER = 'x-chorus-call';
/** Id of the client's request, for log lines only. */
export const REQUEST_HEADER = 'x-request-id';
