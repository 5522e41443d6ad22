import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { streamedWavHeader } from '../../../audio/wav-header.js';
import { ChorusError } from '../../../protocol/errors.js';
import type { DoorContext } from '../../context.js';
import { fetchToFile } from '../../outbound/fetch-file.js';
import { bodyChunks } from '../../request-body.js';
import { diskError, type Upload } from '../../upload.js';
import type { AsrFields } from './asr-fields.js';
import { HEAD_BYTES, isContainer } from './container.js';

/** For all of an `audio_address`. */
const FETCH_TIMEOUT_MS = 60_000;
/** Raw samples are speech as telephones and microphones have it. */
const RAW_RATES_HZ: readonly number[] = [8000, 16_000];
/** What some clients wrap the audio in. */
const WRAPPED = /^(?:multipart\/|application\/json\b)/i;

/** How audio is received. */
export interface ReceiveOptions {
  readonly fields: AsrFields;
  /** Owns what is received. */
  readonly upload: Upload;
  readonly maxBytes: number;
  /** Hosts that may be fetched from although they are not public. */
  readonly allowHosts: readonly string[];
}

/**
 * Receives the audio of a request: from its `audio_address`, or else its body. Raw samples get a WAV
 * header in front, so that what comes of it is always a file that says what it is.
 * @returns Path of the file.
 * @throws ChorusError `empty_audio`, `upload_too_large`, `unsupported_media`, `invalid_value`,
 * `unsupported_sample_rate`, those of {@link fetchToFile}.
 */
export async function receiveAudio(ctx: DoorContext, options: ReceiveOptions): Promise<string> {
  const { fields, upload, maxBytes } = options;
  if (fields.audio_address !== undefined) return fetchAudio(ctx, fields.audio_address, options);
  checkHeaders(ctx.headers, maxBytes);
  const chunks = bodyChunks(ctx.req, ctx.state.signal);
  const path = upload.path('audio');
  await spool(chunks, { fields, path, maxBytes, contentType: ctx.get('Content-Type') });
  return path;
}

async function fetchAudio(
  { state: { signal } }: DoorContext,
  address: string,
  { fields, upload, maxBytes, allowHosts }: ReceiveOptions,
): Promise<string> {
  const path = upload.path('fetched');
  const { bytes } = await fetchToFile(address, {
    ...{ path, maxBytes, signal, allowHosts },
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  if (bytes === 0) throw empty('What lies at audio_address is empty.');
  if (isContainer(await headOf(path))) return path;
  const whole = upload.path('audio');
  await spool(createReadStream(path), { fields, path: whole, maxBytes, contentType: '' });
  return whole;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What can be known before the body is read. */
function checkHeaders(headers: IncomingHttpHeaders, maxBytes: number): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const message = `Content-Encoding "${encoding}" is not supported; send the audio as it is.`;
    throw new ChorusError('unsupported_media', message);
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

interface SpoolOptions {
  readonly fields: AsrFields;
  readonly path: string;
  readonly maxBytes: number;
  /** Empty = none is known. */
  readonly contentType: string;
}

async function spool(chunks: AsyncIterable<Buffer>, options: SpoolOptions): Promise<void> {
  const file = createWriteStream(options.path, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(withHeader(chunks, options), file);
  } catch (caught) {
    throw caught instanceof ChorusError ? caught : diskError(caught);
  }
}

/** Gathers the head first, because it decides what all of it is. */
async function* withHeader(
  chunks: AsyncIterable<Buffer>,
  options: SpoolOptions,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > options.maxBytes) throw tooLarge(options.maxBytes);
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield* opening(head, options);
    head = undefined;
  }
  if (head === undefined) return;
  if (bytes === 0) throw empty('The body is empty: send the audio as it, or an audio_address.');
  yield* opening(head, options);
}

function* opening(head: Buffer, { fields, contentType }: SpoolOptions): Generator<Uint8Array> {
  if (!isContainer(head)) yield rawHeader(fields, contentType);
  yield head;
}

/** @throws ChorusError if the audio cannot be raw samples, or not at that rate. */
function rawHeader({ format, sample_rate }: AsrFields, contentType: string): Uint8Array {
  if (WRAPPED.test(contentType)) {
    const message = 'The audio must be the body itself, not a form or JSON.';
    throw new ChorusError('unsupported_media', message);
  }
  if (format !== 'pcm') {
    const message = `format is ${format}, and the audio is none; raw 16-bit mono samples are pcm.`;
    throw new ChorusError('invalid_value', message, { param: 'format' });
  }
  if (RAW_RATES_HZ.includes(sample_rate)) return streamedWavHeader(sample_rate);
  const message = `sample_rate must be ${RAW_RATES_HZ.join(' or ')} for raw samples.`;
  throw new ChorusError('unsupported_sample_rate', message, { param: 'sample_rate' });
}

function tooLarge(maxBytes: number): ChorusError {
  const message = `The audio is larger than the ${maxBytes} bytes that it may have.`;
  return new ChorusError('upload_too_large', message, { maxBytes });
}

function empty(message: string): ChorusError {
  return new ChorusError('empty_audio', message);
}
