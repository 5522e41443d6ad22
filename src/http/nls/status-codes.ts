import type { ChorusError, ErrorCode } from '../../protocol/errors.js';

/** Status codes of the NLS protocol that we answer with. */
export const NLS_STATUS = {
  success: 20_000_000,
  clientError: 40_000_000,
  unauthorized: 40_000_001,
  invalidMessage: 40_000_002,
  invalidParameter: 40_000_003,
  idleTimeout: 40_000_004,
  tooManyRequests: 40_000_005,
  unsupportedSampleRate: 41_010_101,
  serverError: 50_000_000,
  internalError: 50_000_001,
} as const;

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  invalid_json: NLS_STATUS.invalidMessage,
  out_of_order: NLS_STATUS.invalidMessage,
  invalid_value: NLS_STATUS.invalidParameter,
  invalid_schema: NLS_STATUS.invalidParameter,
  missing_field: NLS_STATUS.invalidParameter,
  voice_not_found: NLS_STATUS.invalidParameter,
  wrong_task: NLS_STATUS.invalidParameter,
  unsupported_language: NLS_STATUS.invalidParameter,
  unspeakable_text: NLS_STATUS.invalidParameter,
  invalid_ssml: NLS_STATUS.invalidParameter,
  forbidden_address: NLS_STATUS.invalidParameter,
  fetch_failed: NLS_STATUS.invalidParameter,
  model_not_found: NLS_STATUS.invalidParameter,
  job_not_found: NLS_STATUS.invalidParameter,
  unsupported_sample_rate: NLS_STATUS.unsupportedSampleRate,
  unauthorized: NLS_STATUS.unauthorized,
  forbidden: NLS_STATUS.unauthorized,
  idle_timeout: NLS_STATUS.idleTimeout,
  queue_full: NLS_STATUS.tooManyRequests,
  queue_timeout: NLS_STATUS.tooManyRequests,
  internal: NLS_STATUS.internalError,
};

/** The NLS status code of an error. */
export function nlsStatusOf({ code, status }: Pick<ChorusError, 'code' | 'status'>): number {
  return BY_ERROR[code] ?? (status < 500 ? NLS_STATUS.clientError : NLS_STATUS.serverError);
}
