import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry } from '../models/catalogue.js';
import { MARK_NAME, modelState, type ModelState } from '../models/model-state.js';
import { RECORD_NAME } from '../models/recorded.js';
import { ChorusError } from '../protocol/errors.js';
import { fileEntry } from './folder-files.js';
import type { BundleEntry } from './plan.js';
import { FIXED_TIME_SECONDS } from './tar.js';

/** A file of a model, and what it must be where that is known. */
interface ModelPath {
  readonly path: string;
  readonly sha256: string | undefined;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** All that a pull has verified or built, so graphs for other devices than this machine's, too. */
async function modelPaths(model: CatalogueEntry, state: ModelState): Promise<ModelPath[]> {
  const { card, dir } = model;
  const { mark } = state;
  const hashes = new Map<string, string | undefined>();
  for (const path of [...(card.build?.outputs ?? []), ...Object.keys(mark.graphBytes)]) {
    hashes.set(path, undefined);
  }
  for (const [path, { sha256 }] of Object.entries(mark.files)) hashes.set(path, sha256);
  for (const { file } of state.files) hashes.set(file.path, file.sha256 ?? hashes.get(file.path));
  const listed = [...hashes].map(([path, sha256]) => ({ path, sha256 }));
  const there = await Promise.all(listed.map(({ path }) => isThere(join(dir, path))));
  return listed.filter((_, index) => there[index]);
}

/** Text that does not depend on the order in which names came into an object. */
function sortedJson(value: unknown): string {
  const sort = (_: string, inner: unknown): unknown =>
    typeof inner !== 'object' || inner === null || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(value, sort, 2)}\n`;
}

/**
 * What the target remembers of the weights: that they were verified, here, as they are unpacked
 * there, with the time that every file of a bundle has. So it need not read them all again.
 */
function markEntry(
  path: string,
  { mark }: ModelState,
  weights: readonly BundleEntry[],
): BundleEntry {
  const folder = path.slice(0, -MARK_NAME.length);
  const files = weights.flatMap((entry) =>
    entry.content.kind === 'file' && entry.content.sha256 !== undefined
      ? [[entry.path.slice(folder.length), entry.content] as const]
      : [],
  );
  const mtimeMs = FIXED_TIME_SECONDS * 1000;
  const verified = files.map(([name, { sha256, bytes }]) => [name, { sha256, bytes, mtimeMs }]);
  const kept = { ...mark, files: Object.fromEntries(verified) as Record<string, unknown> };
  return { path, content: { kind: 'text', text: sortedJson(kept) } };
}

async function weightEntry(
  source: string,
  path: string,
  sha256: string | undefined,
): Promise<BundleEntry> {
  const { content } = await fileEntry(source, path);
  return { path, content: { ...content, ...(sha256 !== undefined && { sha256 }) } };
}

/**
 * The files of a model: its card, its weights and the graphs that were built of them.
 * @throws ChorusError `model_failed` if it is not ready to be served.
 */
export async function modelEntries(model: CatalogueEntry): Promise<BundleEntry[]> {
  const { card, dir, cardPath } = model;
  const state = await modelState(model);
  if (state.summary !== 'ready') {
    const message = `${card.id} is ${state.summary}: run \`chorus pull ${card.id}\`.`;
    throw new ChorusError('model_failed', message);
  }
  const place = `models/${card.id}`;
  const paths = await modelPaths(model, state);
  const weights = await Promise.all(
    paths.map(({ path, sha256 }) => weightEntry(join(dir, path), `${place}/${path}`, sha256)),
  );
  const record = join(dir, RECORD_NAME);
  return [
    await weightEntry(cardPath, `${place}/model.yaml`, undefined),
    ...weights,
    ...((await isThere(record))
      ? [await weightEntry(record, `${place}/${RECORD_NAME}`, undefined)]
      : []),
    markEntry(`${place}/${MARK_NAME}`, state, weights),
  ];
}
