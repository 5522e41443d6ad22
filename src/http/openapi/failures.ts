import { z } from 'zod';
import { ChorusError, ERROR_TABLE, type ErrorCode } from '../../protocol/errors.js';
import { familyOf } from '../api-family.js';
import { nlsRestError, nlsStreamError } from '../nls/error-answers.js';
import { NLS_STATUS } from '../nls/status-codes.js';
import { detailError } from '../voicehub/error-answer.js';
import type { JsonSchema, OpenApiResponse } from './document-types.js';
import { jsonSchemaOf } from './json-schema.js';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];
const message = z.string().describe('What went wrong, for people.');
const nlsStatus = z.literal(Object.values(NLS_STATUS)).describe('Status code of the protocol.');

/** The bodies of failures, by the names that they have in the document. */
export const FAILURE_SCHEMAS = {
  OpenAiError: z.object({
    error: z.object({
      message,
      type: z.string().describe('Class of the failure, such as `invalid_request_error`.'),
      param: z.string().nullable().describe('Field at fault, if one is.'),
      code: z.enum(CODES).describe('What went wrong, for programs; see docs/errors.md.'),
    }),
  }),
  DetailError: z.object({ detail: message }),
  NlsError: z.object({
    task_id: z.string().describe('Id of the request, 32 hexadecimal digits.'),
    result: z.literal(''),
    status: nlsStatus,
    message,
  }),
  NlsRestError: z.object({
    status: z.int().describe('The HTTP status again.'),
    error_code: nlsStatus,
    error_message: message,
    request_id: z.string().describe('Id of the request, 32 hexadecimal digits.'),
    url: z.string().describe('Path that was asked for.'),
  }),
} as const;

/** Name of the body that failures of a path have. */
export type FailureName = keyof typeof FAILURE_SCHEMAS;

/** The body that failures of a path have. */
export function failureNameOf(path: string): FailureName {
  const { drawError } = familyOf(path);
  if (drawError === nlsStreamError) return 'NlsError';
  if (drawError === nlsRestError) return 'NlsRestError';
  return drawError === detailError ? 'DetailError' : 'OpenAiError';
}

/** Failures that are described: what they are called, an error that is one, and what it means. */
const CASES = {
  Unauthorized: {
    error: new ChorusError('unauthorized', 'An API key is needed.'),
    description: 'No key was presented, or a wrong one.',
  },
  Busy: {
    error: new ChorusError('queue_full', 'As many requests wait as may.'),
    description: 'There is no room now; try again after `Retry-After`.',
  },
  Unavailable: {
    error: new ChorusError('unavailable', 'No replica is ready.'),
    description: 'Nothing is ready to do the work now, or the server is stopping.',
  },
  Failure: {
    error: new ChorusError('internal', 'The server met an unexpected error.'),
    description: 'Any other failure; docs/errors.md lists all codes with their statuses.',
  },
} as const;

/** One of the described failures. */
export type FailureCase = keyof typeof CASES;

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds, 1–60.', schema: { type: 'integer' } },
};

/** An example of a path's family: its own renderer draws it. */
function exampleOf(path: string, failure: FailureCase): { status: number; body: object } {
  const request = { requestId: '0194c5e2-7d3a-7b1c-9f00-6d1f2a3b4c5d', path };
  return familyOf(path).drawError(CASES[failure].error, request);
}

function responseOf(path: string, failure: FailureCase): OpenApiResponse {
  const schema: JsonSchema = { $ref: `#/components/schemas/${failureNameOf(path)}` };
  const { body: example } = exampleOf(path, failure);
  const retries = failure === 'Busy' || failure === 'Unavailable';
  return {
    description: CASES[failure].description,
    ...(retries && { headers: RETRY_AFTER }),
    content: { 'application/json': { schema, example } },
  };
}

/** A failure of a path: its HTTP status, and its description under a name that families share. */
export interface DescribedFailure {
  /** 200 where the family tells failures in the body alone. */
  readonly status: number;
  readonly name: string;
  readonly response: OpenApiResponse;
}

/** Describes a failure as the family of a path shows it. */
export function describeFailure(path: string, failure: FailureCase): DescribedFailure {
  return {
    status: exampleOf(path, failure).status,
    name: failureNameOf(path).replace(/Error$/, failure),
    response: responseOf(path, failure),
  };
}

/** The schemas of all bodies of failures. */
export function failureSchemas(): Readonly<Record<FailureName, JsonSchema>> {
  const drawn = Object.entries(FAILURE_SCHEMAS).map(([name, one]) => [name, jsonSchemaOf(one)]);
  return Object.fromEntries(drawn) as Record<FailureName, JsonSchema>;
}
