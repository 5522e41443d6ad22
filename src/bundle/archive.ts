import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ChorusError } from '../protocol/errors.js';
import type { BundleEntry, FileContent } from './plan.js';
import { paddingAfter, TAR_END, tarHeader } from './tar.js';

const BUFFER_BYTES = 2 ** 20;

/** Takes the bytes of the archive, and is done with the buffer when it resolves. */
export type ByteSink = (bytes: Uint8Array) => Promise<void>;

/** Gathers small pieces: a bundle has thousands of small files. */
class Gathering {
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #sink: ByteSink;
  #filled = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Where the next bytes go. */
  async room(): Promise<Buffer> {
    if (this.#filled === BUFFER_BYTES) await this.flush();
    return this.#buffer.subarray(this.#filled);
  }

  /** Says how many bytes were laid into {@link room}. */
  took(bytes: number): void {
    this.#filled += bytes;
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(await this.room(), 0, at);
      this.took(copied);
      at += copied;
    }
  }

  async flush(): Promise<void> {
    await this.#sink(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

function changed(source: string): ChorusError {
  const message = `${source} changed while it was read. Nothing was made: try again when it rests.`;
  return new ChorusError('conflict', message);
}

function damaged(source: string): ChorusError {
  const message =
    `${source} is damaged: its content is not what was recorded. Nothing was made. ` +
    'Remove it, then run `chorus pull` (or `chorus setup cuda`) to get it anew.';
  return new ChorusError('model_failed', message);
}

async function writeFileContent(content: FileContent, out: Gathering): Promise<void> {
  const { source, bytes, sha256 } = content;
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  const file = await open(source);
  try {
    let left = bytes;
    while (left > 0) {
      const room = await out.room();
      const { bytesRead } = await file.read(room, 0, Math.min(room.length, left));
      if (bytesRead === 0) throw changed(source);
      hash?.update(room.subarray(0, bytesRead));
      out.took(bytesRead);
      left -= bytesRead;
    }
    if ((await file.stat()).size !== bytes) throw changed(source);
  } finally {
    await file.close();
  }
  if (hash !== undefined && hash.digest('hex') !== sha256) throw damaged(source);
}

async function writeEntry(entry: BundleEntry, out: Gathering): Promise<void> {
  const { content } = entry;
  await out.write(tarHeader(entry));
  if (content.kind === 'link') return;
  const text = content.kind === 'text' ? Buffer.from(content.text) : undefined;
  if (text !== undefined) await out.write(text);
  if (content.kind === 'file') await writeFileContent(content, out);
  const bytes = content.kind === 'file' ? content.bytes : (text?.length ?? 0);
  await out.write(Buffer.alloc(paddingAfter(bytes)));
}

/**
 * Writes the archive, uncompressed.
 * @throws ChorusError `conflict` if a file changes meanwhile, `model_failed` if weights are not
 *   those of their card; the signal's reason if it is aborted.
 */
export async function writeArchive(
  entries: readonly BundleEntry[],
  sink: ByteSink,
  signal?: AbortSignal,
): Promise<void> {
  const out = new Gathering(async (bytes) => {
    signal?.throwIfAborted();
    await sink(bytes);
  });
  for (const entry of entries) await writeEntry(entry, out);
  await out.write(TAR_END);
  await out.flush();
}
