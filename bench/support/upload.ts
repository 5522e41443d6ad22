import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import type { Dispatcher } from 'undici';

import { patientAgent } from './speak.js';

/** An audio file on its way to a recogniser. */
export interface Upload {
  readonly url: string;
  readonly file: string;
  readonly model: string;
  /** Further fields of the form. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whose connections carry it; by default those that all clients share. */
  readonly dispatcher?: Dispatcher;
  /** Called when the last byte has been handed to the connection. */
  readonly onSent?: () => void;
}

/**
 * Uploads a file as `multipart/form-data`, read as it is sent, and gives the transcript.
 * @throws Error if the answer is no 200.
 */
export async function transcribe(upload: Upload): Promise<string> {
  const boundary = `chorus-bench-${randomUUID()}`;
  const fields = Object.entries({ model: upload.model, ...upload.fields }).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${fields.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; ` +
      `filename="${basename(upload.file)}"\r\nContent-Type: audio/wav\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(upload.file);
  async function* parts(): AsyncGenerator<Buffer> {
    yield head;
    yield* createReadStream(upload.file);
    yield tail;
    upload.onSent?.();
  }
  const { statusCode, body } = await request(upload.url, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + size + tail.length),
    },
    body: Readable.from(parts()),
    dispatcher: upload.dispatcher ?? patientAgent,
    signal: upload.signal ?? null,
  });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`${upload.url}: ${statusCode} ${answer}`);
  return (JSON.parse(answer) as { readonly text: string }).text;
}
