import { createHash } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelCard, ModelFile } from './card.js';
import type { CatalogueEntry } from './catalogue.js';

const MARK_NAME = '.verified.json';

const markSchema = z.object({
  /** What the content of each file was when its hash was last taken. */
  files: z.record(
    z.string(),
    z.object({ sha256: z.string(), bytes: z.number(), mtimeMs: z.number() }),
  ),
  /** {@link buildKey} of the weights that the graphs were built from. */
  built: z.string().optional(),
});

/** What is remembered beside the weights, so that a second start need not read them all. */
export type VerifiedMark = z.infer<typeof markSchema>;

/** What stands at a file's place: nothing, something of its size, or what the card means. */
export type FileState = 'absent' | 'unverified' | 'verified';

/** What of a model is here. */
export interface ModelState {
  readonly files: readonly { readonly file: ModelFile; readonly state: FileState }[];
  /** Whether all outputs of the card's build step are there (true without such a step). */
  readonly outputsThere: boolean;
  readonly mark: VerifiedMark;
  readonly summary: 'ready' | 'incomplete' | 'not pulled';
}

/** Reads what was verified before; a mark that cannot be read is no mark. */
async function readMark(dir: string): Promise<VerifiedMark> {
  try {
    return markSchema.parse(JSON.parse(await readFile(join(dir, MARK_NAME), 'utf8')));
  } catch {
    return { files: {} };
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
  if (found === undefined || !found.isFile() || found.size !== file.bytes) return 'absent';
  const known = mark.files[file.path];
  const same =
    known !== undefined &&
    known.sha256 === file.sha256 &&
    known.bytes === found.size &&
    known.mtimeMs === found.mtimeMs;
  return same ? 'verified' : 'unverified';
}

/** Looks at a model's folder without reading the weights. */
export async function modelState({
  card,
  dir,
}: Pick<CatalogueEntry, 'card' | 'dir'>): Promise<ModelState> {
  const mark = await readMark(dir);
  const files = await Promise.all(
    card.files.map(async (file) => ({ file, state: await fileState(dir, file, mark) })),
  );
  const outputs = await Promise.all(
    (card.build?.outputs ?? []).map((path) =>
      stat(join(dir, path)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const outputsThere = outputs.every(Boolean);
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
  if (!outputsThere) return `The graph of ${id} is not built: run \`chorus pull ${id}\`.`;
  const changed = named('unverified');
  if (changed === '') return undefined;
  return `${id} may be damaged (never verified as they are: ${changed}): \`chorus pull ${id}\` mends it.`;
}

/** Names a build: the same weights, built by the same version of the builder, give the same key. */
export function buildKey(card: ModelCard, builderVersion: string): string {
  const hash = createHash('sha256').update(`${card.build?.kind} ${builderVersion}\n`);
  for (const file of card.files) hash.update(`${file.path} ${file.sha256}\n`);
  return hash.digest('hex');
}
