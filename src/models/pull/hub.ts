import { readFile, writeFile } from 'node:fs/promises';
import { EnvHttpProxyAgent, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { KnownFile, ModelFile } from '../card.js';
import { isKnown } from '../recorded.js';
import { sizeOf } from './content-cache.js';
import type { ContentCache } from './content-cache.js';
import { gather, wrongContent } from './gather.js';
import type { Attempt, Gathered } from './gather.js';
import { expectedOf, fromNet, header, linkedOf, refusalOf } from './hub-answer.js';
import type { Answer } from './hub-answer.js';

const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 15_000;
const STALL_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 8;
/**
 * Most that may wait in memory for the disk. A body that is never paused cannot meet the assertion
 * in undici 7.30 that ends the process when a server closes (`connection: close`, HTTP/1.0) just
 * while the parser is paused; and only a disk far slower than the net ever fills this.
 */
const MAX_WAITING_BYTES = 512 * 1024 * 1024;
/** How often a download that breaks off is taken up again before the source is passed over. */
const MAX_BREAKS = 5;

/** One download from a hub. */
export interface HubRequest {
  readonly model: string;
  /** For messages. */
  readonly source: string;
  readonly file: ModelFile;
  readonly url: string;
  /** Shown to the origin of `url` only. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

/** What came, and what it should have come to. */
type Arrived = Gathered & { readonly expected: ReturnType<typeof expectedOf> };
type Outcome = Arrived | { readonly skipped: string } | 'broken' | 'restart';

/** The file as it must be: what nobody has said of it is taken as it came. */
function fileOf(file: ModelFile, { sha256, expected }: Arrived): KnownFile {
  return { ...file, bytes: expected.bytes, sha256: expected.sha256 ?? sha256 };
}

function codeOf(caught: unknown): string {
  const code = (caught as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : caught instanceof Error ? caught.name : 'unknown';
}

/** Downloads from model hubs over HTTP, resuming where an earlier attempt broke off. */
export class HubClient {
  readonly #cache: ContentCache;
  // Proxies of the environment count: they are often the only way out of a company.
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  /** Origins that did not answer in this pull: they are not waited for again. */
  readonly #silent = new Set<string>();

  constructor(cache: ContentCache) {
    this.#cache = cache;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Gathers the file, or says why this source is passed over. A later pull resumes what is left. */
  async download(wanted: HubRequest): Promise<Attempt> {
    if (this.#silent.has(new URL(wanted.url).origin)) return { kind: 'skipped' };
    let mayRestart = true;
    for (let breaks = 0; breaks <= MAX_BREAKS;) {
      wanted.signal?.throwIfAborted();
      const from = await this.#resumePoint(wanted);
      const outcome = await this.#attempt(wanted, from);
      if (outcome === 'restart' || outcome === 'broken') {
        if (outcome === 'restart') await this.#cache.discard(wanted.file);
        breaks += 1;
        continue;
      }
      if ('skipped' in outcome) return { kind: 'skipped', reason: outcome.skipped };
      if (outcome.bytes < outcome.expected.bytes) {
        breaks += 1;
        continue;
      }
      const expected = fileOf(wanted.file, outcome);
      if (outcome.bytes === expected.bytes && outcome.sha256 === expected.sha256) {
        await this.#cache.adopt(wanted.file, expected);
        return { kind: 'got', file: expected };
      }
      await this.#cache.discard(wanted.file);
      // Bytes of an earlier day may be at fault: once more, all of it from today.
      if (from.bytes === 0 || !mayRestart) throw wrongContent(expected, wanted, outcome);
      mayRestart = false;
    }
    return { kind: 'skipped', reason: `broke off ${MAX_BREAKS + 1} times` };
  }

  async #resumePoint({ file, url }: HubRequest): Promise<{ bytes: number; etag?: string }> {
    const path = this.#cache.partialPath(file);
    const bytes = await sizeOf(path);
    if (bytes === 0) return { bytes: 0 };
    try {
      const kept = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Record<string, unknown>;
      if (kept['url'] !== url) return { bytes: 0 };
      const { etag } = kept;
      // Without a hash nothing but the tag tells that the rest is of the same version.
      if (!isKnown(file)) return typeof etag === 'string' ? { bytes, etag } : { bytes: 0 };
      const usable = bytes < file.bytes ? bytes : 0;
      return typeof etag === 'string' ? { bytes: usable, etag } : { bytes: usable };
    } catch {
      return { bytes: 0 };
    }
  }

  async #attempt(wanted: HubRequest, from: { bytes: number; etag?: string }): Promise<Outcome> {
    const answer = await this.#ask(wanted, from);
    if ('skipped' in answer) return answer;
    const { response } = answer;
    const refusal = refusalOf(answer, wanted, from.bytes);
    if (refusal !== undefined) {
      response.body.on('error', () => undefined).destroy();
      return refusal;
    }
    const fromByte = response.statusCode === 206 ? from.bytes : 0;
    const etag = header(response, 'etag');
    const strong = etag !== undefined && !etag.startsWith('W/');
    const path = this.#cache.partialPath(wanted.file);
    await writeFile(`${path}.json`, JSON.stringify({ url: wanted.url, ...(strong && { etag }) }));
    const { file, onBytes } = wanted;
    const expected = expectedOf(answer, file);
    let netBroke = false;
    try {
      const chunks = fromNet(response, () => (netBroke = true));
      const maxBytes = expected.bytes;
      return { ...(await gather({ path, maxBytes, fromByte, chunks, onBytes })), expected };
    } catch (caught) {
      wanted.signal?.throwIfAborted();
      if (netBroke) return 'broken';
      throw caught;
    }
  }

  async #ask(
    wanted: HubRequest,
    from: { readonly bytes: number; readonly etag?: string },
  ): Promise<Answer | { readonly skipped: string }> {
    let url = new URL(wanted.url);
    const home = url.origin;
    const linked: Answer['linked'] = {};
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      if (this.#silent.has(url.origin)) return { skipped: `${url.origin} does not answer` };
      const response = await this.#send(url, { wanted, from, isHome: url.origin === home });
      if ('skipped' in response) return response;
      Object.assign(linked, linkedOf(response));
      const location = header(response, 'location');
      if (response.statusCode < 300 || response.statusCode >= 400 || location === undefined) {
        return { response, linked };
      }
      await response.body.dump();
      const next = new URL(location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        return { skipped: `${url.origin} sends on to an address that is not encrypted` };
      }
      url = next;
    }
    return { skipped: `${home} redirects without end` };
  }

  async #send(
    url: URL,
    ask: {
      readonly wanted: HubRequest;
      readonly from: { readonly bytes: number; readonly etag?: string };
      /** Only where the token belongs is it shown. */
      readonly isHome: boolean;
    },
  ): Promise<Dispatcher.ResponseData | { readonly skipped: string }> {
    const { wanted, from, isHome } = ask;
    const resumes = from.bytes > 0;
    try {
      return await request(url, {
        dispatcher: this.#agent,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: STALL_TIMEOUT_MS,
        highWaterMark: MAX_WAITING_BYTES,
        ...(wanted.signal && { signal: wanted.signal }),
        headers: {
          'accept-encoding': 'identity',
          'user-agent': 'chorus',
          ...(resumes && { range: `bytes=${from.bytes}-` }),
          ...(resumes && from.etag !== undefined && { 'if-range': from.etag }),
          ...(isHome && wanted.token !== undefined && { authorization: `Bearer ${wanted.token}` }),
        },
      });
    } catch (caught) {
      wanted.signal?.throwIfAborted();
      this.#silent.add(url.origin);
      return { skipped: `${url.origin} does not answer (${codeOf(caught)})` };
    }
  }
}
