import { createHash } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelCard, ModelFile } from './card.js';
import type { CatalogueEntry } from './catalogue.js';
import { FOOTPRINTS_NAME } from './footprints.js';
import { isKnown, readRecorded, withRecord } from './recorded.js';

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
  /** {@link buildKey} of the weights that the graphs were built from. */
  built: z.string().optional(),
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

async function hasOutputs(dir: string, card: ModelCard, mark: VerifiedMark): Promise<boolean> {
  const { outputs = [] } = card.build ?? {};
  const paths = new Set([...outputs, ...(outputs.length > 0 ? Object.keys(mark.graphBytes) : [])]);
  const there = await Promise.all(
    [...paths].map(async (path) => {
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
  const pulled = new Set([...card.files.map(({ path }) => path), MARK_NAME, FOOTPRINTS_NAME]);
  const built = (await readdir(dir)).filter((name) => GRAPH_FILE.test(name) && !pulled.has(name));
  const sizes = built.map(async (name) => [name, (await stat(join(dir, name))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}

/**
 * Looks at a model's folder without reading the weights. Files are those of the card, with what the
 * first pull recorded where the card names no hash.
 */
export async function modelState({
  card,
  dir,
}: Pick<CatalogueEntry, 'card' | 'dir'>): Promise<ModelState> {
  const mark = await readMark(dir);
  const recorded = await readRecorded(dir);
  const expected = card.files.map((file) => withRecord(file, recorded));
  const files = await Promise.all(
    expected.map(async (file) => ({ file, state: await fileState(dir, file, mark) })),
  );
  const outputsThere = await hasOutputs(dir, card, mark);
  const there = files.filter(({ state }) => state !== 'absent').length;
  const complete = there === files.length && outputsThere;
  const summary = complete ? 'ready' : there === 0 ? 'not pulled' : 'incomplete';
  return { files, outputsThere, mark, summary };
}

/**
 * Says what a model's folder lacks and which command mends it, for a model that cannot be loaded;
 * undefined if all files are the ones of the card, so that the fault lies elsewhere.
 */
export async function repairAdvice(
  model: Pick<CatalogueEntry, 'card' | 'dir'>,
): Promise<string | undefined> {
  const { files, outputsThere, summary } = await modelState(model);
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

/** Names a build: the same weights, built by the same version of the builder, give the same key. */
export function buildKey(card: ModelCard, builderVersion: string): string {
  const hash = createHash('sha256').update(`${card.build?.kind} ${builderVersion}\n`);
  for (const file of card.files) hash.update(`${file.path} ${file.sha256 ?? ''}\n`);
  return hash.digest('hex');
}
