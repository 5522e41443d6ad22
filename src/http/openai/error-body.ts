import type { ChorusError } from '../../protocol/errors.js';

/** The error object of the OpenAI family; all four keys are always there. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

/** Draws an error as the OpenAI family shows it. */
export function openAiErrorBody(error: ChorusError): OpenAiErrorBody {
  return {
    error: {
      message: error.message,
      type: typeOf(error.status),
      param: error.details.param ?? null,
      code: error.code,
    },
  };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
