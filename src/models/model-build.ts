import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readCard } from './card-file.js';
import type { ModelCard } from './card.js';
import { companionDirs } from './companions.js';

/** Graphs, and the weights that lie outside of them. */
const WEIGHTS = /\.(?:onnx|onnx_data|data)$/;

/**
 * Names what a model loads: its card, and the size and time of change of its files, of the graphs
 * that were built from them and of the models that it needs beside it. No weight is read. Whatever
 * is pulled, built or put there anew has another name.
 * @returns 64 hexadecimal digits (SHA-256).
 * @throws ChorusError `model_failed` if the card cannot be used.
 */
export async function modelBuild(dir: string, id: string): Promise<string> {
  const card = await readCard(join(dir, 'model.yaml'), id);
  const hash = createHash('sha256');
  hash.update(await readFile(join(dir, 'model.yaml')));
  for (const line of await weightLines(dir, card)) hash.update(`${line}\n`);
  for (const folder of Object.values(companionDirs(card, dir))) {
    for (const line of await weightLines(folder)) hash.update(`${line}\n`);
  }
  return hash.digest('hex');
}

async function weightLines(dir: string, card?: ModelCard): Promise<string[]> {
  const there = await readdir(dir).catch((): string[] => []);
  const listed = [...(card?.files.map(({ path }) => path) ?? []), ...(card?.build?.outputs ?? [])];
  const paths = [...new Set([...listed, ...there.filter((name) => WEIGHTS.test(name))])];
  return Promise.all(paths.toSorted().map(async (path) => `${path} ${await stamp(dir, path)}`));
}

async function stamp(dir: string, path: string): Promise<string> {
  const found = await stat(join(dir, path)).catch(() => undefined);
  return found === undefined ? 'absent' : `${found.size} ${found.mtimeMs}`;
}
