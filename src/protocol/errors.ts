/** One row of the error table: how a code looks to a client, and whether trying again can help. */
export interface ErrorRow {
  /** HTTP status that REST families answer with. */
  readonly status: number;
  /** True if the same request may succeed a moment later or on another replica. */
  readonly retryable: boolean;
}

/**
 * The one table of error codes. Every error that leaves a process or reaches a client has a code
 * from here; `docs/errors.md` carries the same rows, and a test compares the two.
 */
export const ERROR_TABLE = {
  invalid_json: { status: 400, retryable: false },
  invalid_value: { status: 400, retryable: false },
  missing_field: { status: 400, retryable: false },
  voice_not_found: { status: 400, retryable: false },
  wrong_task: { status: 400, retryable: false },
  unsupported_language: { status: 400, retryable: false },
  unspeakable_text: { status: 400, retryable: false },
  invalid_ssml: { status: 400, retryable: false },
  unsupported_sample_rate: { status: 400, retryable: false },
  out_of_order: { status: 400, retryable: false },
  forbidden_address: { status: 400, retryable: false },
  fetch_failed: { status: 400, retryable: false },
  undecodable_audio: { status: 400, retryable: false },
  empty_audio: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  route_not_found: { status: 404, retryable: false },
  model_not_found: { status: 404, retryable: false },
  worker_not_found: { status: 404, retryable: false },
  speaker_not_found: { status: 404, retryable: false },
  job_not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  idle_timeout: { status: 408, retryable: false },
  conflict: { status: 409, retryable: false },
  upload_too_large: { status: 413, retryable: false },
  unsupported_media: { status: 415, retryable: false },
  invalid_schema: { status: 422, retryable: false },
  poisoned_input: { status: 422, retryable: false },
  queue_full: { status: 429, retryable: true },
  queue_timeout: { status: 429, retryable: true },
  canceled: { status: 499, retryable: false },
  internal: { status: 500, retryable: false },
  not_implemented: { status: 501, retryable: false },
  replica_lost: { status: 503, retryable: true },
  replica_hung: { status: 503, retryable: true },
  device_lost: { status: 503, retryable: true },
  out_of_memory: { status: 503, retryable: true },
  unavailable: { status: 503, retryable: true },
  draining: { status: 503, retryable: true },
  model_failed: { status: 503, retryable: false },
  deadline_exceeded: { status: 504, retryable: true },
  storage_full: { status: 507, retryable: true },
} as const satisfies Record<string, ErrorRow>;

/** A code from {@link ERROR_TABLE}. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Facts that travel with an error; plain JSON only. `param` names the request field at fault. */
export interface ErrorDetails {
  readonly param?: string;
  readonly retryAfterMs?: number;
  /** Of a worker that failed: whether it was computing for this request at that moment. */
  readonly wasRunning?: boolean;
  readonly [key: string]: unknown;
}

/** The form in which an error crosses a process border or stands in an event. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

/** The error that all rooms throw when a client or another process should learn of it. */
export class ChorusError extends Error {
  override readonly name = 'ChorusError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** HTTP status of the code. */
  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  /** Whether trying again can help. */
  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }

  /** The error as it crosses a process border. */
  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      details: this.details,
    };
  }

  /** Rebuilds an error from its wire form; an unknown code becomes `internal`. */
  static fromWire(wire: WireError): ChorusError {
    const code = Object.hasOwn(ERROR_TABLE, wire.code) ? wire.code : 'internal';
    return new ChorusError(code, wire.message, wire.details);
  }

  /**
   * Gives a failure at start a code while keeping its words: an operator reads them, not a client.
   */
  static withCode(code: ErrorCode, caught: unknown): ChorusError {
    if (caught instanceof ChorusError) return caught;
    const message = caught instanceof Error ? caught.message : String(caught);
    return new ChorusError(code, message, {}, { cause: caught });
  }

  /** The refusal of a server that is stopping. */
  static draining(): ChorusError {
    const message = 'The server is shutting down and takes no new work.';
    return new ChorusError('draining', message, { retryAfterMs: 5_000 });
  }

  /** The error of a request whose signal has aborted: the abort's own reason if it is one of ours. */
  static ofAbort(signal: AbortSignal): ChorusError {
    if (signal.reason instanceof ChorusError) return signal.reason;
    return new ChorusError('canceled', 'The request was canceled.');
  }

  /**
   * Makes sure that a caught value is a {@link ChorusError}. Anything else becomes `internal` with
   * a neutral message, so that no stack or path reaches a client; the cause stays for the log.
   */
  static from(caught: unknown): ChorusError {
    if (caught instanceof ChorusError) return caught;
    return new ChorusError(
      'internal',
      'The server met an unexpected error.',
      {},
      { cause: caught },
    );
  }
}
