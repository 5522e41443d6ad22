import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Precision } from '../../protocol/precision.js';
import type { CatalogueEntry } from '../catalogue.js';
import {
  buildKey,
  builtFrom,
  graphBytesIn,
  hasGraphs,
  modelState,
  writeMark,
  type VerifiedMark,
} from '../model-state.js';
import { builtFor, isNeeded, plainOf, variantOfGraph } from '../variants.js';
import { BUILDERS, type BuilderTable } from './build.js';
import type { PullReport } from './events.js';

/** What graphs are built with. */
export interface BuildSession {
  readonly report: PullReport;
  readonly builders?: BuilderTable;
  readonly signal?: AbortSignal | undefined;
}

/** A model's graphs as they stand. */
export interface GraphState {
  /** Variants that are still to be built, or to be built anew. */
  readonly missing: readonly Precision[];
  /** Keys of all variants that are wanted. */
  readonly keys: ReadonlyMap<Precision, string>;
  /** Variants that were built and that nobody here wants. */
  readonly surplus: readonly Precision[];
}

/** Looks which graphs a model's folder lacks for some precisions, and which it has beside those. */
export async function graphState(
  entry: CatalogueEntry,
  precisions: readonly Precision[],
  builders: BuilderTable = BUILDERS,
): Promise<GraphState> {
  const { card } = entry;
  const { build } = card;
  const keys = new Map<Precision, string>();
  if (build === undefined) return { missing: [], keys, surplus: [] };
  const { version, variantVersions } = builders[build.kind];
  const wanted = builtFor(card, precisions);
  const { files, mark } = await modelState(entry, wanted);
  const missing: Precision[] = [];
  for (const one of wanted) {
    const own = files.flatMap(({ file }) => (isNeeded(file, [one]) ? [file] : []));
    const key = buildKey(card, { files: own, builderVersion: variantVersions?.[one] ?? version });
    keys.set(one, key);
    const isThere = builtFrom(card, mark, one) === key && (await hasGraphs(entry, mark, one));
    if (!isThere) missing.push(one);
  }
  const built = typeof mark.built === 'object' ? (Object.keys(mark.built) as Precision[]) : [];
  return { missing, keys, surplus: built.filter((one) => !wanted.includes(one)) };
}

/**
 * Builds what a model's folder lacks, and removes graphs that nobody wants if that is asked for.
 * @returns Whether anything was built.
 */
export async function buildGraphs(
  entry: CatalogueEntry,
  work: {
    readonly precisions: readonly Precision[];
    readonly mark: VerifiedMark;
    readonly removesSurplus: boolean;
  },
  session: BuildSession,
): Promise<boolean> {
  const { card, dir } = entry;
  if (card.build === undefined) return false;
  const { kind } = card.build;
  const { missing, keys, surplus } = await graphState(entry, work.precisions, session.builders);
  const unwanted = work.removesSurplus ? surplus : [];
  if (missing.length === 0 && unwanted.length === 0) return false;
  session.signal?.throwIfAborted();
  await removeGraphs(entry, unwanted, work.mark);
  if (missing.length > 0) {
    const onProgress = ({ doneBytes }: { readonly doneBytes: number }): void =>
      session.report({ type: 'build', model: card.id, writtenBytes: doneBytes });
    onProgress({ doneBytes: 0 });
    const builder = (session.builders ?? BUILDERS)[kind];
    await builder.build({ modelDir: dir, precisions: missing, onProgress });
  }
  const { built: before } = work.mark;
  const others = typeof before === 'object' ? Object.entries(before) : [];
  const kept = others.filter(([one]) => !unwanted.some((name) => name === one));
  const built = { ...Object.fromEntries(kept), ...Object.fromEntries(keys) };
  await writeMark(dir, { ...work.mark, built, graphBytes: await graphBytesIn(entry) });
  return missing.length > 0;
}

async function removeGraphs(
  { card, dir }: CatalogueEntry,
  unwanted: readonly Precision[],
  { graphBytes }: VerifiedMark,
): Promise<void> {
  if (card.build === undefined) return;
  const plain = plainOf(card.build);
  const names = Object.keys(graphBytes).filter((name) =>
    unwanted.includes(variantOfGraph(name, plain)),
  );
  await Promise.all(names.map((name) => rm(join(dir, name), { force: true })));
}
