import { REQUEST_CLASSES } from '../../protocol/requests.js';
import type { Parameter } from './document-types.js';

/** Headers that every route takes which has a model work for it. */
export const CLAIM_HEADERS: Readonly<Record<string, Parameter>> = {
  SessionId: {
    name: 'X-Session-Id',
    in: 'header',
    description: 'Requests of one session go to the same worker, while it has room.',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  },
  Class: {
    name: 'X-Chorus-Class',
    in: 'header',
    description: 'How urgent the request is.',
    schema: { type: 'string', enum: REQUEST_CLASSES, default: 'interactive' },
  },
  TimeoutMs: {
    name: 'X-Request-Timeout-Ms',
    in: 'header',
    description: 'Milliseconds after which nobody wants the answer any more.',
    schema: { type: 'integer', minimum: 1, maximum: 86_400_000 },
  },
};
