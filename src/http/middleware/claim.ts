import type { Context, Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { REQUEST_CLASSES, type RequestClass } from '../../protocol/requests.js';
import type { Claim, DoorState } from '../context.js';
import { PROBES } from '../probes.js';
import { credentialsOf } from '../nls/credentials.js';
import { clientOfKey, presentedKey } from '../presented-key.js';

const SESSION_HEADER = 'X-Session-Id';
const CLASS_HEADER = 'X-Chorus-Class';
const TIMEOUT_HEADER = 'X-Request-Timeout-Ms';

const SESSION = /^[\x21-\x7e]{1,128}$/;
const MAX_TIMEOUT_MS = 24 * 3600 * 1000;

/**
 * Reads from the headers who asks, which worker served the session, how urgent the request is and
 * when it must be done; when that time is over, the request ends.
 * @throws ChorusError `invalid_value` that names the header.
 */
export function claim(): Middleware<DoorState> {
  return async function claim(ctx, next) {
    if (PROBES.has(ctx.path)) return next();
    const timeoutMs = readTimeoutMs(ctx.get(TIMEOUT_HEADER));
    const session = readSession(ctx.get(SESSION_HEADER));
    const read: Claim = {
      class: readClass(ctx.get(CLASS_HEADER)),
      client: clientOf(ctx),
      trace: ctx.state.trace,
      ...(session !== undefined && { session }),
      ...(timeoutMs !== undefined && { deadlineAtMs: performance.now() + timeoutMs }),
    };
    Object.assign(ctx.state, { claim: read });
    if (timeoutMs === undefined) return next();
    const timer = setTimeout(() => ctx.state.lifetime.abort(tooLate(timeoutMs)), timeoutMs);
    try {
      await next();
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * Whoever presents the same key is one client, however the header is written; without a key, whoever
 * has the same address. Kept as a digest: the key is a secret, and may be long.
 */
function clientOf(ctx: Context): string {
  const key = presentedKey(ctx.headers) ?? tokenOf(ctx);
  return key === undefined ? ctx.ip : clientOfKey(key);
}

/** Of an NLS client; it may stand in the query. */
function tokenOf({ headers, querystring }: Context): string | undefined {
  return credentialsOf(headers, new URLSearchParams(querystring)).token;
}

function readSession(header: string): string | undefined {
  if (header === '') return undefined;
  if (SESSION.test(header)) return header;
  throw invalid(SESSION_HEADER, 'must have 1 to 128 characters of printable ASCII without spaces');
}

function readClass(header: string): RequestClass {
  if (header === '') return 'interactive';
  const known = REQUEST_CLASSES.find((one) => one === header.toLowerCase());
  if (known !== undefined) return known;
  throw invalid(CLASS_HEADER, `must be one of ${REQUEST_CLASSES.join(', ')}`);
}

function readTimeoutMs(header: string): number | undefined {
  if (header === '') return undefined;
  const timeoutMs = /^\d{1,9}$/.test(header) ? Number(header) : 0;
  if (timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw invalid(TIMEOUT_HEADER, `must be a whole number from 1 to ${MAX_TIMEOUT_MS}`);
}

function invalid(header: string, bound: string): ChorusError {
  return new ChorusError('invalid_value', `The header ${header} ${bound}.`, { param: header });
}

function tooLate(timeoutMs: number): ChorusError {
  const message = `The request was not done within ${timeoutMs} ms (${TIMEOUT_HEADER}).`;
  return new ChorusError('deadline_exceeded', message);
}
