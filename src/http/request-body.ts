import type { IncomingMessage } from 'node:http';
import { ChorusError } from '../protocol/errors.js';

/** A client that sends nothing for so long has gone, whatever its socket says. */
const SILENCE_MS = 60_000;

/**
 * Reads a request's body chunk by chunk and leaves the request usable for an answer, also when the
 * reader stops early: Node would otherwise take the socket down with the iteration.
 */
export async function* bodyChunks(
  req: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunks = req.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const silence = new Silence(signal);
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), silence.broken]);
      if (next.done === true) return;
      silence.restart();
      yield next.value;
    }
  } catch (caught) {
    if (caught instanceof ChorusError) throw caught;
    throw new ChorusError('canceled', 'The connection broke while the body was being sent.');
  } finally {
    silence.end();
    void chunks.return?.().catch(() => undefined);
  }
}

/** A promise that rejects when the client is silent for too long or the signal aborts. */
class Silence {
  readonly broken: Promise<never>;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.broken = new Promise((_, reject) => {
      this.#onAbort = () => reject(ChorusError.from(signal.reason));
      this.#timer = setTimeout(() => reject(silent()), SILENCE_MS);
      signal.addEventListener('abort', this.#onAbort, { once: true });
      if (signal.aborted) this.#onAbort();
    });
    // Nobody may be racing when it rejects.
    this.broken.catch(() => undefined);
  }

  restart(): void {
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
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
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const message = `Content-Encoding "${encoding}" is not supported; send the body as it is.`;
    throw new ChorusError('unsupported_media', message);
  }
  const value = parseJson(await readAll(req, maxBytes, signal));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ChorusError('invalid_json', 'The request body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

async function readAll(
  req: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const tooLarge = new ChorusError(
    'upload_too_large',
    `The request body exceeds ${maxBytes} bytes.`,
  );
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(req, signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Parser messages quote the text at fault, so they stay here: texts belong in no answer or log. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    const what = body.length === 0 ? 'is empty' : 'is not valid JSON in UTF-8';
    throw new ChorusError('invalid_json', `The request body ${what}.`);
  }
}
