/**
 * Trust on first use: a card may leave out the hash of a file that only hubs have. The first pull then
 * records what it got beside the weights, and from then on nothing else is accepted.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ChorusError } from '../protocol/errors.js';
import type { KnownFile, ModelFile } from './card.js';

/** Name of the record in a model's folder. */
export const RECORD_NAME = '.recorded.json';

const recordSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().positive(),
      /** Where it came from: a kind of hub, or a folder. */
      source: z.string(),
    }),
  ),
});

/** What to do when a recorded hash is no longer the right one: there is no card to correct. */
export const IF_MEANT_TO_CHANGE =
  `Its hash was recorded at the first pull: if it was meant to change, remove ${RECORD_NAME} ` +
  "from the model's folder, and the next pull records it anew.";

/** What was recorded, by the files' paths. */
export type RecordedFiles = z.infer<typeof recordSchema>['files'];

/**
 * Reads what earlier pulls recorded.
 * @throws ChorusError `model_failed` if the record is there and cannot be read: nothing is trusted anew
 *   because of a damaged file.
 */
export async function readRecorded(dir: string): Promise<RecordedFiles> {
  const path = join(dir, RECORD_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw caught;
  }
  try {
    return recordSchema.parse(JSON.parse(text)).files;
  } catch (caught) {
    const message =
      `The record of what the first pull got, ${path}, is damaged. ` +
      'Restore it, or remove it to trust what the next pull gets.';
    throw new ChorusError('model_failed', message, {}, { cause: caught });
  }
}

/** Adds a file to the record, in one step. */
export async function recordFile(dir: string, file: KnownFile, source: string): Promise<void> {
  const { path, sha256, bytes } = file;
  const files = { ...(await readRecorded(dir)), [path]: { sha256, bytes, source } };
  const temporary = join(dir, `${RECORD_NAME}.${process.pid}.part`);
  await writeFile(temporary, `${JSON.stringify({ files }, undefined, 2)}\n`);
  await rename(temporary, join(dir, RECORD_NAME));
}

/** A file with the hash and the size that were recorded for it, if its own card names none. */
export function withRecord(file: ModelFile, recorded: RecordedFiles): ModelFile {
  const found = Object.hasOwn(recorded, file.path) ? recorded[file.path] : undefined;
  if (file.sha256 !== undefined || found === undefined) return file;
  return { ...file, sha256: found.sha256, bytes: found.bytes, isRecorded: true };
}

/** Whether it is known what a file must be. */
export function isKnown(file: ModelFile): file is KnownFile {
  return file.sha256 !== undefined;
}
