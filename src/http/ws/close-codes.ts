import type { ChorusError, ErrorCode } from '../../protocol/errors.js';

/** Codes of RFC 6455 and of IANA's registry that we close connections with ourselves. */
export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  policyViolation: 1008,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
} as const;

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  draining: CLOSE_CODE.goingAway,
  replica_lost: CLOSE_CODE.serviceRestart,
  replica_hung: CLOSE_CODE.serviceRestart,
  device_lost: CLOSE_CODE.serviceRestart,
  queue_full: CLOSE_CODE.tryAgainLater,
  queue_timeout: CLOSE_CODE.tryAgainLater,
  unavailable: CLOSE_CODE.tryAgainLater,
  out_of_memory: CLOSE_CODE.tryAgainLater,
  storage_full: CLOSE_CODE.tryAgainLater,
};

/** The close code of a failure; the reason beside it is the error's own code. */
export function closeCodeOf({ code, status }: ChorusError): number {
  const own = BY_ERROR[code];
  if (own !== undefined) return own;
  return status < 500 ? CLOSE_CODE.policyViolation : CLOSE_CODE.internalError;
}
