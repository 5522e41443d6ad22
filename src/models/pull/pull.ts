import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ChorusError } from '../../protocol/errors.js';
import type { KnownFile, ModelFile } from '../card.js';
import { placeCard } from '../catalogue.js';
import type { CatalogueEntry } from '../catalogue.js';
import { buildKey, graphBytesIn, modelState, writeMark } from '../model-state.js';
import type { ModelState, VerifiedMark } from '../model-state.js';
import { BUILDERS } from './build.js';
import type { BuilderTable } from './build.js';
import { ContentCache, hashFile, sizeOf } from './content-cache.js';
import { checkSpace, freeBytes, sayBytes } from './disk-space.js';
import type { FreeBytes } from './disk-space.js';
import type { PullReport } from './events.js';
import { HubClient } from './hub.js';
import { takeLock } from '../../processes/file-lock.js';
import { PackageStore } from './packages.js';
import { placeFile, removeLeftovers } from './place.js';
import { isKnown, recordFile } from '../recorded.js';
import { obtain } from './sources.js';
import type { Obtained, SourceOptions } from './sources.js';

/** How models are pulled; a server's settings have the most of it. */
export interface PullOptions extends SourceOptions {
  readonly cacheDir: string;
  readonly report: PullReport;
  readonly builders?: BuilderTable;
  readonly freeBytes?: FreeBytes;
}

interface Session extends PullOptions {
  readonly cache: ContentCache;
  readonly hub: HubClient;
}

/**
 * Makes models ready to be served: fetches what is missing, verifies it, builds their graphs. What
 * is ready already costs a look at its folder. Several processes may pull at once.
 * @throws ChorusError `storage_full`, `unavailable` or `model_failed`, with what to do next.
 */
export async function pullModels(
  entries: readonly CatalogueEntry[],
  options: PullOptions,
): Promise<void> {
  const waiting: CatalogueEntry[] = [];
  for (const entry of entries) {
    if (await isReady(entry, options)) await placeCard(entry);
    else waiting.push(entry);
  }
  if (waiting.length === 0) return;
  const { cacheDir } = options;
  const cache = new ContentCache(cacheDir);
  await checkSpace(waiting, { cache, cacheDir, free: options.freeBytes ?? freeBytes });
  const hub = new HubClient(cache);
  try {
    await cache.prepare();
    for (const entry of waiting) await pullModel(entry, { ...options, cache, hub });
  } catch (caught) {
    throw explained(caught);
  } finally {
    await hub.close();
  }
}

function explained(caught: unknown): unknown {
  if ((caught as NodeJS.ErrnoException).code !== 'ENOSPC') return caught;
  const message = 'The disk is full. Make room and pull again: it goes on from here.';
  return new ChorusError('storage_full', message, {}, { cause: caught });
}

function builderKey(entry: CatalogueEntry, options: PullOptions): string | undefined {
  const kind = entry.card.build?.kind;
  if (kind === undefined) return undefined;
  return buildKey(entry.card, (options.builders ?? BUILDERS)[kind].version);
}

function isBuilt(entry: CatalogueEntry, state: ModelState, options: PullOptions): boolean {
  const key = builderKey(entry, options);
  return key === undefined || (state.outputsThere && state.mark.built === key);
}

async function isReady(entry: CatalogueEntry, options: PullOptions): Promise<boolean> {
  const state = await modelState(entry);
  return state.files.every((one) => one.state === 'verified') && isBuilt(entry, state, options);
}

async function pullModel(entry: CatalogueEntry, session: Session): Promise<void> {
  const { card, dir } = entry;
  const { report, signal } = session;
  await mkdir(dir, { recursive: true });
  const onWait = (pid: number): void => {
    const message = `process ${pid} is pulling it already; waiting for it`;
    report({ type: 'note', model: card.id, message });
  };
  const lock = await takeLock(join(dir, '.pull.lock'), { onWait, ...(signal && { signal }) });
  const packages = new PackageStore({ cache: session.cache, model: card.id, report, signal });
  try {
    await removeLeftovers(dir);
    await placeCard(entry);
    const state = await modelState(entry);
    const mark: VerifiedMark = { ...state.mark, files: { ...state.mark.files } };
    const missing = await missingFiles(entry, { state, mark, session });
    await fetchAll(entry, { missing, mark, session, packages });
    const built = await buildGraphs(entry, { mark, session });
    const bytes = missing.reduce((sum, file) => sum + file.bytes, 0);
    report({ type: 'done', model: card.id, files: missing.length, bytes, built });
  } finally {
    await packages.dispose();
    await lock.release();
  }
}

/** Files to fetch. Files that lie there unverified, put by hand perhaps, are verified first. */
async function missingFiles(
  { card, dir }: CatalogueEntry,
  work: { readonly state: ModelState; readonly mark: VerifiedMark; readonly session: Session },
): Promise<ModelFile[]> {
  const missing: ModelFile[] = [];
  for (const { file, state } of work.state.files) {
    const path = join(dir, file.path);
    if (state === 'verified') continue;
    if (state === 'unverified') {
      const sha256 = (await hashFile(path)).digest('hex');
      const found = { ...file, sha256, bytes: await sizeOf(path) };
      if (!isKnown(file)) await trust({ card, dir }, { file: found, source: dir }, work.session);
      if (sha256 === (file.sha256 ?? sha256)) {
        work.mark.files[file.path] = await placedAs(path, found);
        continue;
      }
    }
    if ((await sizeOf(path)) > 0) {
      const message = `${file.path} is there, but it is not the file of the card: fetching it anew`;
      work.session.report({ type: 'note', model: card.id, message });
    }
    missing.push(file);
  }
  await writeMark(dir, work.mark);
  return missing;
}

/** Records what a file is of which nobody has said it, and says so. */
async function trust(
  { card, dir }: Pick<CatalogueEntry, 'card' | 'dir'>,
  { file, source }: Obtained,
  { report }: Session,
): Promise<void> {
  await recordFile(dir, file, source);
  const message =
    `${file.path}: its card names no hash, so what came from ${source} is trusted and recorded: ` +
    `sha256 ${file.sha256}, ${sayBytes(file.bytes)}. From now on nothing else is accepted. ` +
    'Compare it with a copy that you trust.';
  report({ type: 'note', model: card.id, message });
}

async function placedAs(path: string, file: KnownFile): Promise<VerifiedMark['files'][string]> {
  const { size, mtimeMs } = await stat(path);
  return { sha256: file.sha256, bytes: size, mtimeMs };
}

async function fetchAll(
  { card, dir }: CatalogueEntry,
  work: {
    readonly missing: readonly ModelFile[];
    readonly mark: VerifiedMark;
    readonly session: Session;
    readonly packages: PackageStore;
  },
): Promise<void> {
  const { missing, mark, session, packages } = work;
  const { cache, hub, report } = session;
  const model = card.id;
  const totalBytes = missing.reduce((sum, file) => sum + file.bytes, 0);
  let doneBytes = 0;
  for (const file of missing) {
    session.signal?.throwIfAborted();
    let toldBytes = 0;
    const onBytes = (bytes: number, source: string): void => {
      if (bytes === toldBytes) return;
      toldBytes = bytes;
      report({ type: 'progress', model, receivedBytes: doneBytes + bytes, totalBytes, source });
    };
    const request = { card, file, cache, hub, packages, options: session, report, onBytes };
    const obtained = await obtain(request);
    if (!isKnown(file)) await trust({ card, dir }, obtained, session);
    const cached = cache.path(obtained.file);
    mark.files[file.path] = await placeFile({ cached, dir, file: obtained.file, model });
    doneBytes += obtained.file.bytes;
  }
  if (missing.length > 0) await writeMark(dir, mark);
}

async function buildGraphs(
  entry: CatalogueEntry,
  { mark, session }: { readonly mark: VerifiedMark; readonly session: Session },
): Promise<boolean> {
  const { card, dir } = entry;
  const key = builderKey(entry, session);
  if (card.build === undefined || key === undefined) return false;
  const state = await modelState(entry);
  if (isBuilt(entry, state, session)) return false;
  session.signal?.throwIfAborted();
  const onProgress = ({ doneBytes }: { readonly doneBytes: number }): void =>
    session.report({ type: 'build', model: card.id, writtenBytes: doneBytes });
  onProgress({ doneBytes: 0 });
  await (session.builders ?? BUILDERS)[card.build.kind].build({ modelDir: dir, onProgress });
  await writeMark(dir, { ...mark, built: key, graphBytes: await graphBytesIn(entry) });
  return true;
}
