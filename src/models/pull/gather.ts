import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ChorusError } from '../../protocol/errors.js';
import type { KnownFile } from '../card.js';
import { IF_MEANT_TO_CHANGE } from '../recorded.js';
import { hashFile } from './content-cache.js';

/** A source's answer: the file is gathered, or the source is passed over for a reason. */
export type Attempt =
  | { readonly kind: 'got'; readonly file: KnownFile }
  /** Without a reason the operator has been told already. */
  | { readonly kind: 'skipped'; readonly reason?: string };

/** Bytes on their way into a partial file. */
export interface Gathering {
  readonly path: string;
  /** Bytes that the file has, or may have. */
  readonly maxBytes: number;
  /** Bytes that the partial file is known to hold already; what follows is cut off. */
  readonly fromByte: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly onBytes: (totalBytes: number) => void;
}

/** What the partial file holds afterwards. */
export interface Gathered {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Appends a source's bytes to a partial file and hashes all of it on the way. It never writes more
 * than the file may have: a source that sends without end is cut off one byte too late.
 */
export async function gather(gathering: Gathering): Promise<Gathered> {
  const { path, maxBytes, fromByte, chunks, onBytes } = gathering;
  const handle = await open(path, fromByte === 0 ? 'w' : 'r+');
  try {
    await handle.truncate(fromByte);
    const hash = fromByte === 0 ? createHash('sha256') : await hashFile(path);
    let bytes = fromByte;
    for await (const chunk of chunks) {
      if (bytes + chunk.length > maxBytes) return { bytes: bytes + chunk.length, sha256: '' };
      hash.update(chunk);
      await writeAll(handle, { chunk, position: bytes });
      bytes += chunk.length;
      onBytes(bytes);
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

async function writeAll(
  handle: Awaited<ReturnType<typeof open>>,
  { chunk, position }: { readonly chunk: Uint8Array; readonly position: number },
): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const rest = chunk.length - written;
    written += (await handle.write(chunk, written, rest, position + written)).bytesWritten;
  }
}

/** The error for bytes that are not what the card says: file, source, expected, got, what to do. */
export function wrongContent(
  file: KnownFile,
  from: { readonly model: string; readonly source: string },
  got: Gathered,
): ChorusError {
  const size = got.bytes === file.bytes ? '' : ` (${got.bytes} bytes instead of ${file.bytes})`;
  const meant = file.isRecorded ? 'what the first pull recorded' : 'the file of the card';
  const anew = file.isRecorded ? ` ${IF_MEANT_TO_CHANGE}` : '';
  const message =
    `${from.model}: ${file.path} from ${from.source} is not ${meant}${size}: ` +
    `sha256 expected ${file.sha256}, got ${got.sha256 || 'too many bytes'}. It was thrown away. ` +
    'Try again; if it stays so, put another source first with MODEL_SOURCES, give the file with ' +
    `--from, or correct the card if the file was meant to change.${anew}`;
  const details = { file: file.path, source: from.source, expected: file.sha256, got: got.sha256 };
  return new ChorusError('model_failed', message, details);
}
