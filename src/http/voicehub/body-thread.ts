import { readFile, writeFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { WireError } from '../../protocol/errors.js';
import { diskError } from '../upload.js';
import { parseJsonObject } from '../request-body.js';
import { type BodyFields, refuseBomb, takeAudio } from './body-fields.js';

/** What the thread is started with. */
export interface BodyPaths {
  /** The request's body. */
  readonly bodyPath: string;
  /** Where its recording shall lie. */
  readonly audioPath: string;
}

/** What it answers. */
export type BodyAnswer =
  | { readonly fields: BodyFields['fields']; readonly hasAudio: boolean }
  | { readonly error: WireError };

async function read({ bodyPath, audioPath }: BodyPaths): Promise<BodyAnswer> {
  try {
    const body = await readFile(bodyPath);
    refuseBomb(body);
    const { fields, audio } = takeAudio(parseJsonObject(body));
    if (audio) await writeFile(audioPath, audio, { mode: 0o600 });
    return { fields, hasAudio: audio !== undefined };
  } catch (caught) {
    return { error: diskError(caught).toWire() };
  }
}

parentPort?.postMessage(await read(workerData as BodyPaths));
