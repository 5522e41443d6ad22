import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import type { CatalogueEntry } from '../catalogue.js';
import { modelState } from '../model-state.js';
import { isKnown } from '../recorded.js';
import { sizeOf } from './content-cache.js';
import type { ContentCache } from './content-cache.js';

/** Graphs are written in 32 bits or less from weights of 16: twice their size is enough. */
const BUILD_FACTOR = 2;

/** Tells how many bytes an ordinary user may still write in a folder's file system. */
export type FreeBytes = (dir: string) => Promise<number>;

/** {@link FreeBytes} of this machine. */
export async function freeBytes(dir: string): Promise<number> {
  const found = await statfs(await existing(dir));
  return found.bavail * found.bsize;
}

async function existing(dir: string): Promise<string> {
  const there = await stat(dir).then(
    () => true,
    () => false,
  );
  return there || dirname(dir) === dir ? dir : existing(dirname(dir));
}

async function sameDisk(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map(async (dir) => stat(await existing(dir))),
  );
  return first?.dev === second?.dev;
}

/** A number of bytes as people say it. */
export function sayBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** What a model still needs: in the cache, and in its folder where that cannot share the cache's. */
async function needOf(
  entry: CatalogueEntry,
  { cache, precisionsOf }: Pick<SpaceOptions, 'cache' | 'precisionsOf'>,
): Promise<{ readonly cache: number; readonly folder: number; readonly built: number }> {
  const { files, outputsThere } = await modelState(entry, precisionsOf?.(entry));
  const missing = files.filter(({ state }) => state === 'absent').map(({ file }) => file);
  let inCache = 0;
  let archive = 0;
  for (const file of missing) {
    if (isKnown(file) && (await sizeOf(cache.path(file))) === file.bytes) continue;
    inCache += file.bytes - Math.min(await sizeOf(cache.partialPath(file)), file.bytes);
    const packed = file.sources.some(({ type }) => type === 'npm' || type === 'pypi');
    if (packed) archive = Math.max(archive, file.bytes);
  }
  const whole = files.reduce((sum, { file }) => sum + file.bytes, 0);
  return {
    cache: inCache + archive,
    folder: missing.reduce((sum, file) => sum + file.bytes, 0),
    built: outputsThere ? 0 : whole * BUILD_FACTOR,
  };
}

/** How space is looked for. */
export interface SpaceOptions {
  readonly cache: ContentCache;
  readonly cacheDir: string;
  readonly free: FreeBytes;
  /** What a model is to be had in; if left out, as a CPU runs it. */
  readonly precisionsOf?: (entry: CatalogueEntry) => readonly Precision[];
}

/**
 * Makes sure that there is room for what is missing, before the first byte is fetched.
 * @throws ChorusError `storage_full` with what is needed, what is free and what to do.
 */
export async function checkSpace(
  entries: readonly CatalogueEntry[],
  options: SpaceOptions,
): Promise<void> {
  const needs = await Promise.all(entries.map((entry) => needOf(entry, options)));
  const [first] = entries;
  if (first === undefined) return;
  const modelsDir = dirname(first.dir);
  const shared = await sameDisk(options.cacheDir, modelsDir);
  const total = (pick: (need: Awaited<ReturnType<typeof needOf>>) => number): number =>
    needs.reduce((sum, need) => sum + pick(need), 0);
  const inCache = total((need) => need.cache) + (shared ? total((need) => need.built) : 0);
  const inFolder = shared ? 0 : total((need) => need.folder + need.built);
  const places = [
    { dir: options.cacheDir, setting: 'CHORUS_CACHE_DIR', need: inCache },
    { dir: modelsDir, setting: 'MODELS_DIR', need: inFolder },
  ];
  for (const { dir, setting, need } of places) {
    if (need === 0) continue;
    const free = await options.free(dir);
    if (free >= need) continue;
    const message =
      `Too little disk: ${sayBytes(need)} are needed in ${dir}, and ${sayBytes(free)} are free. ` +
      `Nothing was fetched. Make room, or set ${setting} to a folder on a larger disk.`;
    throw new ChorusError('storage_full', message, { needBytes: need, freeBytes: free });
  }
}
