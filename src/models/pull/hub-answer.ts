import type { Dispatcher } from 'undici';
import type { ModelFile } from '../card.js';
import { isKnown } from '../recorded.js';

const SHA256 = /^[0-9a-f]{64}$/;

/** A hub's last answer, and what it said of the file on the way there. */
export interface Answer {
  readonly response: Dispatcher.ResponseData;
  readonly linked: { readonly sha256?: string; readonly bytes?: number };
}

/** First value of a header. */
export function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Bytes of an answer; tells apart a break of the net from an error of our own disk. */
export async function* fromNet(
  response: Dispatcher.ResponseData,
  onBreak: () => void,
): AsyncGenerator<Uint8Array> {
  const body = response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      let next: IteratorResult<unknown>;
      try {
        next = await body.next();
      } catch (caught) {
        onBreak();
        throw caught;
      }
      if (next.done === true) return;
      yield next.value as Uint8Array;
    }
  } finally {
    response.body.on('error', () => undefined).destroy();
  }
}

/** What the hub says of a large file before it redirects to where its bytes lie. */
export function linkedOf(response: Dispatcher.ResponseData): Answer['linked'] {
  const etag = header(response, 'x-linked-etag')?.replace(/^W\//, '').replaceAll('"', '');
  const bytes = Number(header(response, 'x-linked-size') ?? Number.NaN);
  return {
    ...(etag !== undefined && SHA256.test(etag) && { sha256: etag }),
    ...(Number.isInteger(bytes) && { bytes }),
  };
}

/** Says why an answer cannot be used, or that the download has to start over. */
export function refusalOf(
  { response, linked }: Answer,
  { file, token }: { readonly file: ModelFile; readonly token?: string | undefined },
  askedFrom: number,
): { readonly skipped: string } | 'restart' | undefined {
  const { statusCode: status } = response;
  if (status === 416) return 'restart';
  if (status === 401 || status === 403) {
    return {
      skipped: `refused it (${status}${token === undefined ? '; HF_TOKEN is not set' : ''})`,
    };
  }
  if (status === 404) return { skipped: 'has no such file (404)' };
  if (status !== 200 && status !== 206) return { skipped: `answered ${status}` };
  if (status === 206 && Number(rangeOf(response)?.[1]) !== askedFrom) return 'restart';
  const bytes = declaredBytes({ response, linked });
  if (!isKnown(file)) {
    return bytes === undefined ? { skipped: 'does not say how large it is' } : undefined;
  }
  const isOther =
    (linked.sha256 !== undefined && linked.sha256 !== file.sha256) ||
    (bytes !== undefined && bytes !== file.bytes);
  const than = file.isRecorded ? ' than the first pull recorded' : '';
  return isOther ? { skipped: `holds another version of it${than}` } : undefined;
}

/**
 * What the bytes of an answer must come to: what is known of the file, else what the hub declares, be
 * it the size alone.
 */
export function expectedOf(
  answer: Answer,
  file: ModelFile,
): { readonly bytes: number; readonly sha256?: string } {
  if (isKnown(file)) return { bytes: file.bytes, sha256: file.sha256 };
  const { sha256 } = answer.linked;
  return { bytes: declaredBytes(answer) ?? 0, ...(sha256 !== undefined && { sha256 }) };
}

/** How large the hub says the whole file is. */
function declaredBytes({ response, linked }: Answer): number | undefined {
  const isPart = response.statusCode === 206;
  const length = isPart ? rangeOf(response)?.[2] : header(response, 'content-length');
  const bytes = linked.bytes ?? Number(length ?? Number.NaN);
  return Number.isInteger(bytes) ? bytes : undefined;
}

function rangeOf(response: Dispatcher.ResponseData): RegExpExecArray | null {
  return /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header(response, 'content-range') ?? '');
}
