import type { IncomingMessage } from 'node:http';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ChorusError } from '../../protocol/errors.js';
import { diskError } from '../upload.js';
import { checkUrl, findDestination, type ResolveHost, systemResolve } from './destination.js';
import { exchange, failureOf } from './exchange.js';
import { TimeBounds } from './time-bounds.js';

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** A server that gives nothing for so long has none to give. */
const STALL_MS = 15_000;

/** How a file is fetched. */
export interface FetchFileOptions {
  /** Where the file goes; nothing may be there yet, and nothing is left there of a failed fetch. */
  readonly path: string;
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Hosts that may be asked although they are not public: the setting `FETCH_ALLOW_HOSTS`. */
  readonly allowHosts: readonly string[];
  /** Without a byte from the server; 15 s if absent. */
  readonly stallMs?: number;
  /** The system's if absent. */
  readonly resolve?: ResolveHost;
}

/**
 * Fetches what lies at an address that a user named into a file. Only hosts of the internet and those
 * of `allowHosts` are asked; each of at most three redirects is checked like the first address. No
 * error tells anything of what was answered but its status.
 * @throws ChorusError `forbidden_address`, `fetch_failed`, `upload_too_large`, `storage_full`, or the
 * signal's reason.
 */
export async function fetchToFile(
  url: string,
  options: FetchFileOptions,
): Promise<{ readonly bytes: number }> {
  const { timeoutMs, stallMs = STALL_MS, signal } = options;
  const bounds = new TimeBounds({ timeoutMs, stallMs, signal });
  try {
    const answer = await followed(checkUrl(url, options.allowHosts), options, bounds);
    try {
      checkAnswer(answer, options.maxBytes);
      return { bytes: await save(answer, options, bounds) };
    } finally {
      answer.destroy();
    }
  } finally {
    bounds.end();
  }
}

async function followed(
  first: URL,
  { allowHosts, resolve = systemResolve }: FetchFileOptions,
  bounds: TimeBounds,
): Promise<IncomingMessage> {
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const destination = await bounds.wait(findDestination(url, { allowHosts, resolve }));
    const answer = await exchange({ destination, method: 'GET', bounds });
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    if (!URL.canParse(location, url.href)) throw failed('sends on to what is not a URL');
    url = checkUrl(new URL(location, url).href, allowHosts);
  }
  throw failed(`sends on more than ${MAX_REDIRECTS} times`);
}

function checkAnswer({ statusCode, headers }: IncomingMessage, maxBytes: number): void {
  if (statusCode !== 200) throw failed(`answers with status ${statusCode}`);
  const codings = `${headers['content-encoding'] ?? 'identity'},${headers['transfer-encoding'] ?? 'chunked'}`;
  // What a small answer unfolds to has no bound.
  if (!/^\s*identity\s*,\s*chunked\s*$/i.test(codings)) throw failed('answers compressed');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

async function save(
  answer: IncomingMessage,
  { path, maxBytes }: FetchFileOptions,
  bounds: TimeBounds,
): Promise<number> {
  let bytes = 0;
  let refused: ChorusError | undefined;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        bounds.progress();
        bytes += chunk.length;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        yield chunk;
      }
    } catch (caught) {
      refused = caught instanceof ChorusError ? caught : failureOf(bounds);
      throw refused;
    }
  }
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(counted(), file);
    return bytes;
  } catch (caught) {
    if (codeOf(caught) !== 'EEXIST') await rm(path, { force: true });
    throw refused ?? diskError(caught);
  }
}

function codeOf(caught: unknown): unknown {
  return (caught as NodeJS.ErrnoException | undefined)?.code;
}

function failed(what: string): ChorusError {
  return new ChorusError('fetch_failed', `The address ${what}.`);
}

function tooLarge(maxBytes: number): ChorusError {
  const message = `What lies at the address exceeds ${maxBytes} bytes.`;
  return new ChorusError('upload_too_large', message);
}
