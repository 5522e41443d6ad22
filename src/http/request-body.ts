import type { IncomingMessage } from 'node:http';
import { ChorusError } from '../protocol/errors.js';
import { Interruptible } from './interruptible.js';

/** A client that sends nothing for so long has gone, whatever its socket says. */
const SILENCE_MS = 60_000;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a request's body chunk by chunk and leaves the request usable for an answer, also when the
 * reader stops early: Node would otherwise take the socket down with the iteration.
 */
export async function* bodyChunks(
  req: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunks = req.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const reading = new Interruptible();
  const silence = setTimeout(() => reading.interrupt(silent()), SILENCE_MS);
  const onAbort = (): void => reading.interrupt(ChorusError.from(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    for (;;) {
      silence.refresh();
      const next = await reading.wait(chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } catch (caught) {
    throw brokenBody(caught);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', onAbort);
    void chunks.return?.().catch(() => undefined);
  }
}

function brokenBody(caught: unknown): ChorusError {
  return caught instanceof ChorusError ? caught : broken();
}

function broken(): ChorusError {
  return new ChorusError('canceled', 'The connection broke while the body was being sent.');
}

function silent(): ChorusError {
  const message = `No byte of the request's body came for ${SILENCE_MS / 1000} s.`;
  return new ChorusError('deadline_exceeded', message);
}

/** Reads a JSON object from a request's body. */
export async function readJsonObject(
  req: IncomingMessage,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  refuseEncoding(req);
  return parseJsonObject(await readAll(req, maxBytes, signal));
}

/** @throws ChorusError `unsupported_media` for a body that is compressed. */
export function refuseEncoding(req: IncomingMessage): void {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  const message = `Content-Encoding "${encoding}" is not supported; send the body as it is.`;
  throw new ChorusError('unsupported_media', message);
}

/** @throws ChorusError `invalid_json` if it is anything but a JSON object in UTF-8. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ChorusError('invalid_json', 'The request body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

/** By its events, because the iterator of a stream costs more than all else for a small body. */
async function readAll(
  req: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (signal.aborted) throw ChorusError.from(signal.reason);
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => settle(() => reject(silent())), SILENCE_MS);
    const onData = (chunk: Buffer): void => {
      silence.refresh();
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) settle(() => reject(tooLarge(maxBytes)));
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    // Without an end before it: the connection has gone.
    const onClose = (): void => settle(() => reject(broken()));
    const onAbort = (): void => settle(() => reject(ChorusError.from(signal.reason)));
    const settle = (how: () => void): void => {
      clearTimeout(silence);
      signal.removeEventListener('abort', onAbort);
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      how();
    };
    signal.addEventListener('abort', onAbort);
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** The refusal of a body that is too large. */
export function tooLarge(maxBytes: number): ChorusError {
  return new ChorusError('upload_too_large', `The request body exceeds ${maxBytes} bytes.`);
}

/** Parser messages quote the text at fault, so they stay here: texts belong in no answer or log. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(body));
  } catch {
    const what = body.length === 0 ? 'is empty' : 'is not valid JSON in UTF-8';
    throw new ChorusError('invalid_json', `The request body ${what}.`);
  }
}
