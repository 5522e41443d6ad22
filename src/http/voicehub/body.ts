import { once } from 'node:events';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Worker } from 'node:worker_threads';
import { ChorusError } from '../../protocol/errors.js';
import { bodyChunks, readJsonObject, refuseEncoding, tooLarge } from '../request-body.js';
import { diskError, type Upload } from '../upload.js';
import { takeAudio } from './body-fields.js';
import type { BodyAnswer, BodyPaths } from './body-thread.js';
import type { Turns } from './turns.js';

/** A recording of 10 MiB in base64, and as much again as a JSON library may escape. */
const MAX_BODY_BYTES = 15 * 2 ** 20;
/** Up to here a body is parsed at once: a thread would cost more than it spares. */
const SMALL_BYTES = 64 * 1024;
const BODY_FILE = 'body';
const AUDIO_FILE = 'recording';

/** A request that may carry a recording. */
export interface VoiceBody {
  /** As they came, but without the recording. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where the recording lies, if there was one. */
  readonly audioPath: string | undefined;
}

/** How to read one. */
export interface VoiceBodyOptions {
  /** Owns what is put on disk. */
  readonly upload: Upload;
  readonly signal: AbortSignal;
  /** Threads that may parse large bodies at once, each some 60 MB for some 100 ms. */
  readonly turns: Turns;
}

/**
 * Reads a JSON object in which a recording may stand in base64 as `prompt_audio`. Large bodies go to
 * the disk and are parsed in a thread: the server's event loop never holds them.
 * @throws ChorusError `invalid_json`, `unsupported_media`, `upload_too_large`, `invalid_value`,
 * `storage_full`.
 */
export async function readVoiceBody(
  req: IncomingMessage,
  options: VoiceBodyOptions,
): Promise<VoiceBody> {
  const bytes = Number(req.headers['content-length'] ?? Infinity);
  return bytes <= SMALL_BYTES ? readSmall(req, options) : readLarge(req, options);
}

async function readSmall(
  req: IncomingMessage,
  { upload, signal }: VoiceBodyOptions,
): Promise<VoiceBody> {
  const { fields, audio } = takeAudio(await readJsonObject(req, { maxBytes: SMALL_BYTES, signal }));
  if (!audio) return { fields, audioPath: undefined };
  const audioPath = upload.path(AUDIO_FILE);
  await writeFile(audioPath, audio, { mode: 0o600 }).catch(refuse);
  return { fields, audioPath };
}

async function readLarge(
  req: IncomingMessage,
  { upload, signal, turns }: VoiceBodyOptions,
): Promise<VoiceBody> {
  refuseEncoding(req);
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
  const paths = { bodyPath: upload.path(BODY_FILE), audioPath: upload.path(AUDIO_FILE) };
  await spool(req, paths.bodyPath, signal);
  return turns.take(signal, () => parseInThread(paths, signal));
}

async function spool(req: IncomingMessage, path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch(refuse);
  try {
    await writeAll(file, bodyChunks(req, signal));
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
    await file.appendFile(chunk).catch(refuse);
  }
}

async function parseInThread(paths: BodyPaths, signal: AbortSignal): Promise<VoiceBody> {
  const thread = new Worker(new URL('./body-thread.js', import.meta.url), {
    name: 'voice body',
    workerData: paths,
  });
  try {
    const [answer] = (await once(thread, 'message', { signal })) as [BodyAnswer];
    if ('error' in answer) throw ChorusError.fromWire(answer.error);
    return {
      fields: answer.fields,
      audioPath: answer.hasAudio ? paths.audioPath : undefined,
    };
  } catch (caught) {
    throw signal.aborted ? ChorusError.ofAbort(signal) : caught;
  } finally {
    await thread.terminate();
  }
}

function refuse(caught: unknown): never {
  throw diskError(caught);
}
