import type { IncomingMessage } from 'node:http';
import { checkUrl, findDestination, type ResolveHost, systemResolve } from './destination.js';
import { exchange } from './exchange.js';
import { TimeBounds } from './time-bounds.js';

/** A server that gives nothing for so long does not answer. */
const STALL_MS = 15_000;
/** Nobody reads what a call-back is answered with; so much of it is let pass. */
const MAX_ANSWER_BYTES = 65_536;

/** How JSON is posted. */
export interface PostOptions {
  /** JSON, in UTF-8. */
  readonly body: string;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Hosts that may be asked although they are not public: the setting `FETCH_ALLOW_HOSTS`. */
  readonly allowHosts: readonly string[];
  /** Longer answers are broken off, and count all the same; 64 KiB if absent. */
  readonly maxAnswerBytes?: number;
  /** The system's if absent. */
  readonly resolve?: ResolveHost;
}

/**
 * Posts JSON to an address that a user named, under the same rules as `fetchToFile`. Redirects are not
 * followed: their status is the answer. Nobody sees anything else of it.
 * @throws ChorusError `forbidden_address`, `fetch_failed`, or the signal's reason.
 */
export async function postJson(
  url: string,
  options: PostOptions,
): Promise<{ readonly status: number }> {
  const { body, timeoutMs, signal, allowHosts, resolve = systemResolve } = options;
  const bounds = new TimeBounds({ timeoutMs, stallMs: Math.min(STALL_MS, timeoutMs), signal });
  try {
    const checked = checkUrl(url, allowHosts);
    const destination = await bounds.wait(findDestination(checked, { allowHosts, resolve }));
    const headers = { 'content-type': 'application/json; charset=utf-8', ...options.headers };
    const answer = await exchange({ destination, method: 'POST', headers, body, bounds });
    await pass(answer, options.maxAnswerBytes ?? MAX_ANSWER_BYTES);
    return { status: answer.statusCode ?? 0 };
  } finally {
    bounds.end();
  }
}

/** Lets the answer end, so that the other side sees no broken connection. */
async function pass(answer: IncomingMessage, maxBytes: number): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return;
    }
  } catch {
    // What was asked is answered: the status came first.
  } finally {
    answer.destroy();
  }
}
