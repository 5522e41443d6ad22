import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChorusError } from '../../protocol/errors.js';
import { takeLock } from '../../processes/file-lock.js';
import type { ModelCard } from '../card.js';
import { placeCard } from '../catalogue.js';
import type { CatalogueEntry } from '../catalogue.js';
import { modelState } from '../model-state.js';
import type { VerifiedMark } from '../model-state.js';
import { bestOf, wishesFor, type Wish } from '../variants.js';
import type { BuilderTable } from './build.js';
import { buildGraphs, graphState } from './build-graphs.js';
import { ContentCache } from './content-cache.js';
import { checkSpace, freeBytes } from './disk-space.js';
import type { FreeBytes } from './disk-space.js';
import type { PullReport } from './events.js';
import { FileFetcher, type FetchSession } from './fetch-files.js';
import { HubClient } from './hub.js';
import { PackageStore } from './packages.js';
import { removeLeftovers } from './place.js';
import type { SourceOptions } from './sources.js';

/** How models are pulled; a server's settings have the most of it. */
export interface PullOptions extends SourceOptions {
  readonly cacheDir: string;
  readonly report: PullReport;
  readonly builders?: BuilderTable;
  readonly freeBytes?: FreeBytes;
  /** What models are wanted in; if left out, as a CPU runs them. */
  readonly wishes?: (card: ModelCard) => readonly Wish[];
  /** Graphs of variants that are not wanted are removed; they can be built again. */
  readonly removesSurplus?: boolean;
}

type Session = PullOptions & FetchSession;

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
  const precisionsOf = ({ card }: CatalogueEntry) => bestOf(wishesOf(card, options));
  const free = options.freeBytes ?? freeBytes;
  await checkSpace(waiting, { cache, cacheDir, free, precisionsOf });
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

function wishesOf(card: ModelCard, { wishes }: PullOptions): readonly Wish[] {
  return wishes?.(card) ?? wishesFor(card, { kinds: ['cpu'], setting: 'auto' });
}

async function isReady(entry: CatalogueEntry, options: PullOptions): Promise<boolean> {
  const precisions = bestOf(wishesOf(entry.card, options));
  const { files } = await modelState(entry, precisions);
  if (files.some((one) => one.state !== 'verified')) return false;
  const { missing, surplus } = await graphState(entry, precisions, options.builders);
  return missing.length === 0 && (!options.removesSurplus || surplus.length === 0);
}

async function pullModel(entry: CatalogueEntry, session: Session): Promise<void> {
  const { card, dir } = entry;
  const { report, signal, removesSurplus = false } = session;
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
    const fetcher = new FileFetcher(entry, mark, { session, packages });
    const { files, bytes, precisions } = await fetcher.fetch(wishesOf(card, session));
    const built = await buildGraphs(entry, { precisions, mark, removesSurplus }, session);
    report({ type: 'done', model: card.id, files, bytes, built });
  } finally {
    await packages.dispose();
    await lock.release();
  }
}
