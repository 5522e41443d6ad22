import { readFile, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';

import { wavSeconds } from '../support/spoken-files.js';
import type { SpokenFile } from '../support/spoken-files.js';
import { normalWords } from './normal-words.js';

/** A folder of real speech. */
export interface SpeechFolder {
  readonly files: readonly SpokenFile[];
  /** Files that cannot be measured, and why. */
  readonly skipped: readonly (readonly [file: string, why: string])[];
}

/** Reads a folder of `name.wav` (16-bit) and `name.txt` (what is said in it) pairs, by name. */
export async function speechFolder(folder: string): Promise<SpeechFolder> {
  const names = (await readdir(folder)).filter((name) => /\.wav$/i.test(name)).toSorted();
  const files: SpokenFile[] = [];
  const skipped: (readonly [string, string])[] = [];
  for (const name of names) {
    const file = join(folder, name);
    try {
      files.push(await pairOf(file));
    } catch (caught) {
      skipped.push([file, caught instanceof Error ? caught.message : String(caught)]);
    }
  }
  return { files, skipped };
}

async function pairOf(file: string): Promise<SpokenFile> {
  const { dir, name } = parse(file);
  const text = (await readFile(join(dir, `${name}.txt`), 'utf8')).trim();
  const audioSeconds = await wavSeconds(file);
  if (normalWords(text).length === 0) throw new Error('its text has no words');
  if (audioSeconds === 0) throw new Error('it has no 16-bit samples');
  return { name, file, text, audioSeconds };
}
