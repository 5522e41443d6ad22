import { createHash } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Precision } from '../protocol/precision.js';
import type { ModelCard, ModelFile } from './card.js';
import type { CatalogueEntry } from './catalogue.js';
import { isKnown, readRecorded, withRecord } from './recorded.js';
import { builtFor, isNeeded, plainOf, usualPrecisions, variantOfGraph } from './variants.js';

/** Name of the mark in a model's folder. */
export const MARK_NAME = '.verified.json';
/** Names of what builders write. */
const GRAPH_FILE = /\.(?:onnx|data|json)$/;

const markSchema = z.object({
  /** What the content of each file was when its hash was last taken. */
  files: z.record(
    z.string(),
    z.object({ sha256: z.string(), bytes: z.number(), mtimeMs: z.number() }),
  ),
  /**
   * {@link buildKey} of what the graphs were built from, by their variant; one alone is that of the
   * graphs with plain names.
   */
  built: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  /** How large the files are that the build left. */
  graphBytes: z.record(z.string(), z.number()).default({}),
});

/** What is remembered beside the weights, so that a second start need not read them all. */
export type VerifiedMark = z.infer<typeof markSchema>;

/** What stands at a file's place: nothing, something of its size, or what the card means. */
export type FileState = 'absent' | 'unverified' | 'verified';

/** What of a model is here. */
export interface ModelState {
  readonly files: readonly { readonly file: ModelFile; readonly state: FileState }[];
  /** Whether all that the card's build step has made is there (true without such a step). */
  readonly outputsThere: boolean;
  readonly mark: VerifiedMark;
  readonly summary: 'ready' | 'incomplete' | 'not pulled';
}

/** Reads what was verified before; a mark that cannot be read is no mark. */
async function readMark(dir: string): Promise<VerifiedMark> {
  try {
    return markSchema.parse(JSON.parse(await readFile(join(dir, MARK_NAME), 'utf8')));
  } catch {
    return { files: {}, graphBytes: {} };
  }
}

/** Remembers what was verified, in one step: a reader sees the old mark or the new one. */
export async function writeMark(dir: string, mark: VerifiedMark): Promise<void> {
  const temporary = join(dir, `${MARK_NAME}.${process.pid}.part`);
  await writeFile(temporary, `${JSON.stringify(mark, undefined, 2)}\n`);
  await rename(temporary, join(dir, MARK_NAME));
}

async function fileState(dir: string, file: ModelFile, mark: VerifiedMark): Promise<FileState> {
  const found = await stat(join(dir, file.path)).catch(() => undefined);
  if (found === undefined || !found.isFile()) return 'absent';
  if (!isKnown(file)) return found.size === 0 ? 'absent' : 'unverified';
  if (found.size !== file.bytes) return 'absent';
  const known = mark.files[file.path];
  const same =
    known !== undefined &&
    known.sha256 === file.sha256 &&
    known.bytes === found.size &&
    known.mtimeMs === found.mtimeMs;
  return same ? 'verified' : 'unverified';
}

/** What the graphs of a variant were built from; undefined if they never were. */
export function builtFrom(
  { build }: Pick<ModelCard, 'build'>,
  { built }: Pick<VerifiedMark, 'built'>,
  precision: Precision,
): string | undefined {
  if (typeof built !== 'string') return built?.[precision];
  return build && plainOf(build) === precision ? built : undefined;
}

/** Whether the graphs of a variant are there, as the build left them. */
export async function hasGraphs(
  { card, dir }: Pick<CatalogueEntry, 'card' | 'dir'>,
  mark: VerifiedMark,
  precision: Precision,
): Promise<boolean> {
  const { build } = card;
  if (build === undefined) return true;
  const plain = plainOf(build);
  const left = Object.keys(mark.graphBytes);
  const own = left.filter((path) => variantOfGraph(path, plain) === precision);
  const isPlain = precision === plain;
  if (!isPlain && builtFrom(card, mark, precision) === undefined) return false;
  const there = await Promise.all(
    [...new Set([...(isPlain ? build.outputs : []), ...own])].map(async (path) => {
      const found = await stat(join(dir, path)).catch(() => undefined);
      return found !== undefined && found.size === (mark.graphBytes[path] ?? found.size);
    }),
  );
  return there.every(Boolean);
}

/**
 * How large the graphs are that a build has left in a model's folder, with what belongs to them. A
 * builder alone knows which it can make of the weights; whatever it made is to stay as it is.
 */
export async function graphBytesIn({
  card,
  dir,
}: Pick<CatalogueEntry, 'card' | 'dir'>): Promise<Record<string, number>> {
  const pulled = new Set(card.files.map(({ path }) => path));
  const isBuilt = (name: string): boolean =>
    GRAPH_FILE.test(name) && !name.startsWith('.') && !pulled.has(name);
  const built = (await readdir(dir)).filter(isBuilt);
  const sizes = built.map(async (name) => [name, (await stat(join(dir, name))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}

/**
 * Looks at a model's folder without reading the weights. Files are those of the card, with what the
 * first pull recorded where the card names no hash.
 * @param precisions What the model is to be run in; files of other variants do not count.
 */
export async function modelState(
  entry: Pick<CatalogueEntry, 'card' | 'dir'>,
  precisions: readonly Precision[] = usualPrecisions(entry.card),
): Promise<ModelState> {
  const { card, dir } = entry;
  const mark = await readMark(dir);
  const recorded = await readRecorded(dir);
  const needed = card.files.filter((file) => isNeeded(file, precisions));
  const expected = needed.map((file) => withRecord(file, recorded));
  const files = await Promise.all(
    expected.map(async (file) => ({ file, state: await fileState(dir, file, mark) })),
  );
  const built = builtFor(card, precisions).map((one) => hasGraphs(entry, mark, one));
  const outputsThere = (await Promise.all(built)).every(Boolean);
  const there = files.filter(({ state }) => state !== 'absent').length;
  const complete = there === files.length && outputsThere;
  const summary = complete ? 'ready' : there === 0 ? 'not pulled' : 'incomplete';
  return { files, outputsThere, mark, summary };
}

/**
 * Says what a model's folder lacks and which command mends it, for a model that cannot be loaded;
 * undefined if all files are the ones of the card, so that the fault lies elsewhere.
 * @param precisions What it was to be run in.
 */
export async function repairAdvice(
  model: Pick<CatalogueEntry, 'card' | 'dir'>,
  precisions?: readonly Precision[],
): Promise<string | undefined> {
  const { files, outputsThere, summary } = await modelState(model, precisions);
  const { id } = model.card;
  const named = (wanted: FileState): string =>
    files.flatMap(({ file, state }) => (state === wanted ? [file.path] : [])).join(', ');
  if (summary === 'not pulled') return `${id} is not pulled: run \`chorus pull ${id}\`.`;
  const absent = named('absent');
  if (absent !== '') {
    return `${id} is incomplete (missing or cut short: ${absent}): run \`chorus pull ${id}\`.`;
  }
  if (!outputsThere)
    return `The graph of ${id} is not built, or not as it was built: run \`chorus pull ${id}\`.`;
  const changed = named('unverified');
  if (changed === '') return undefined;
  return `${id} may be damaged (never verified as they are: ${changed}): \`chorus pull ${id}\` mends it.`;
}

/** What a build is named by. */
export interface BuildNames {
  /** The files that it reads, with what is known of those whose hash the card does not name. */
  readonly files: readonly Pick<ModelFile, 'path' | 'sha256'>[];
  readonly builderVersion: string;
}

/** Names a build: the same weights, built by the same version of the builder, give the same key. */
export function buildKey({ build }: Pick<ModelCard, 'build'>, names: BuildNames): string {
  const hash = createHash('sha256').update(`${build?.kind} ${names.builderVersion}\n`);
  for (const file of names.files) hash.update(`${file.path} ${file.sha256 ?? ''}\n`);
  return hash.digest('hex');
}
