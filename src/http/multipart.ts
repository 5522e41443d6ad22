import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { ChorusError } from '../protocol/errors.js';
import { Interruptible } from './interruptible.js';
import { bodyChunks } from './request-body.js';
import { diskError, type UploadedForm } from './upload.js';

const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 64 * 1024;
/** What a body may hold beyond its file: fields, part headers, boundaries. */
const FORM_OVERHEAD_BYTES = 1024 * 1024;

/** How to read a form with one file. */
export interface FormOptions {
  /** Name of the form's file field; files under other names are ignored. */
  readonly fileField: string;
  readonly filePath: string;
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
}

/** Says whether a request announces more bytes than a form with a file of that size can have. */
export function declaredTooLarge(req: IncomingMessage, maxFileBytes: number): boolean {
  return Number(req.headers['content-length'] ?? 0) > maxFileBytes + FORM_OVERHEAD_BYTES;
}

/**
 * Reads a multipart form: fields to memory under small bounds, the file to disk under its cap, in
 * whatever order they come. When it returns or throws, no write to the file is in progress.
 */
export async function readForm(req: IncomingMessage, options: FormOptions): Promise<UploadedForm> {
  if (declaredTooLarge(req, options.maxFileBytes)) throw tooLarge(options);
  const reader = new FormReader(openParser(req), options);
  let bytes = 0;
  try {
    for await (const chunk of bodyChunks(req, options.signal)) {
      bytes += chunk.length;
      if (bytes > options.maxFileBytes + FORM_OVERHEAD_BYTES) throw tooLarge(options);
      await reader.write(chunk);
    }
    return await reader.finish();
  } finally {
    await reader.close();
  }
}

function openParser(req: IncomingMessage): BusboyInstance {
  const contentType = req.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    throw broken('The body must be multipart/form-data, with the audio in the field "file".');
  }
  try {
    return new Busboy({
      headers: { ...req.headers, 'content-type': contentType },
      limits: { fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, files: 8, headerPairs: 32 },
    });
  } catch {
    throw broken('The Content-Type multipart/form-data names no boundary.');
  }
}

/** Feeds a parser and gathers what it finds; the first failure ends everything. */
class FormReader {
  readonly #parser: BusboyInstance;
  readonly #options: FormOptions;
  readonly #fields = new Map<string, string[]>();
  readonly #finished: Promise<void>;
  readonly #parsing = new Interruptible();
  readonly #stop = new AbortController();
  #writing: Promise<number> | undefined;

  constructor(parser: BusboyInstance, options: FormOptions) {
    this.#parser = parser;
    this.#options = options;
    // The parser may finish at the closing boundary, before the body's end.
    this.#finished = new Promise((resolve) => parser.once('finish', resolve));
    this.#listen();
  }

  async write(chunk: Buffer): Promise<void> {
    await this.#parsing.wait(
      new Promise<void>((resolve) => this.#parser.write(chunk, () => resolve())),
    );
  }

  async finish(): Promise<UploadedForm> {
    this.#parser.end();
    await this.#parsing.wait(this.#finished);
    const bytes = await this.#parsing.wait(Promise.resolve(this.#writing));
    const file = bytes === undefined ? undefined : { path: this.#options.filePath, bytes };
    return { fields: this.#fields, file };
  }

  /** Stops writing and waits until the file is closed, so that it can be removed for good. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#writing?.catch(() => undefined);
  }

  #listen(): void {
    const tooMany = () =>
      this.#parsing.interrupt(broken(`The form has more than ${MAX_FIELDS} fields.`));
    this.#parser
      .on('file', (name: string | undefined, stream: BusboyFileStream) =>
        this.#onFile(name, stream),
      )
      .on('field', (name: string | undefined, value: string, _: boolean, truncated: boolean) =>
        // A part may come without a name.
        this.#onField(name ?? '', value, truncated),
      )
      .on('fieldsLimit', tooMany)
      .on('filesLimit', tooMany)
      .on('error', () => this.#parsing.interrupt(truncatedForm()));
  }

  #onField(name: string, value: string, truncated: boolean): void {
    if (truncated) {
      const message = `The field ${name} is longer than ${MAX_FIELD_BYTES} bytes.`;
      this.#parsing.interrupt(new ChorusError('invalid_value', message, { param: name }));
      return;
    }
    const values = this.#fields.get(name);
    if (values === undefined) this.#fields.set(name, [value]);
    else values.push(value);
  }

  #onFile(name: string | undefined, stream: BusboyFileStream): void {
    if (name !== this.#options.fileField || this.#writing !== undefined) {
      stream.on('error', () => this.#parsing.interrupt(truncatedForm()));
      stream.resume();
      return;
    }
    this.#writing = this.#spool(stream);
    this.#writing.catch((error: ChorusError) => this.#parsing.interrupt(error));
  }

  async #spool(stream: BusboyFileStream): Promise<number> {
    let bytes = 0;
    const { maxFileBytes, filePath } = this.#options;
    const count = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > maxFileBytes) throw tooLarge({ maxFileBytes });
        yield chunk;
      }
    };
    const disk = createWriteStream(filePath, { flags: 'wx', mode: 0o600 });
    try {
      await pipeline(stream, count, disk, { signal: this.#stop.signal });
    } catch (caught) {
      throw spoolError(caught);
    }
    return bytes;
  }
}

/** Errors with a system call's code come from the disk; all others from a form that is cut off. */
function spoolError(caught: unknown): ChorusError {
  if (caught instanceof ChorusError) return caught;
  const isSystem = (caught as NodeJS.ErrnoException).syscall !== undefined;
  return isSystem ? diskError(caught) : truncatedForm();
}

function tooLarge({ maxFileBytes }: { maxFileBytes: number }): ChorusError {
  const message = `The file is larger than the ${maxFileBytes} bytes that an upload may have.`;
  return new ChorusError('upload_too_large', message, { param: 'file', maxBytes: maxFileBytes });
}

function truncatedForm(): ChorusError {
  return broken('The multipart body is broken or cut off.');
}

function broken(message: string): ChorusError {
  return new ChorusError('invalid_value', message, { param: 'file' });
}
