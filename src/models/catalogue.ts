import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChorusError } from '../protocol/errors.js';
import { readCard } from './card-file.js';
import type { ModelCard } from './card.js';

/** The cards that come with the program; this file runs from `dist/src/models`. */
const BUNDLED_DIR = fileURLToPath(new URL('../../../models/', import.meta.url));
const CARD_NAME = 'model.yaml';
/** First line of a copied card; it tells a copy, which follows upgrades, from a user's own card. */
const COPY_LINE = '# Copied from the program; remove this line to keep changes of your own.\n';

/** A model that is known here, whether its weights are or not. */
export interface CatalogueEntry {
  readonly card: ModelCard;
  /** Folder of its weights, under MODELS_DIR. */
  readonly dir: string;
  /** Where the card was read; outside of `dir` for a bundled card that is not copied yet. */
  readonly cardPath: string;
}

/** All known models by id, and the cards that could not be read. */
export interface Catalogue {
  readonly entries: ReadonlyMap<string, CatalogueEntry>;
  /** By the id of the folder. A broken card only matters to who wants that model. */
  readonly problems: ReadonlyMap<string, ChorusError>;
}

async function modelFolders(dir: string): Promise<string[]> {
  try {
    const found = await readdir(dir, { withFileTypes: true });
    return found.filter((one) => !one.isFile() && !one.name.startsWith('.')).map((one) => one.name);
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw caught;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

/**
 * Reads the cards of all models: the program's own and those in the user's folder, which win.
 * @param folders `bundledDir` is for tests.
 */
export async function loadCatalogue(folders: {
  readonly modelsDir: string;
  readonly bundledDir?: string;
}): Promise<Catalogue> {
  const modelsDir = resolve(folders.modelsDir);
  const bundledDir = resolve(folders.bundledDir ?? BUNDLED_DIR);
  const entries = new Map<string, CatalogueEntry>();
  const problems = new Map<string, ChorusError>();
  for (const cardsDir of new Set([bundledDir, modelsDir])) {
    for (const id of (await modelFolders(cardsDir)).toSorted()) {
      const cardPath = join(cardsDir, id, CARD_NAME);
      const text = await textOf(cardPath);
      if (text === undefined) continue;
      if (text.startsWith(COPY_LINE) && entries.has(id)) continue;
      try {
        const card = await readCard(cardPath, id);
        entries.set(id, { card, dir: join(modelsDir, id), cardPath });
      } catch (caught) {
        entries.delete(id);
        problems.set(id, ChorusError.withCode('model_failed', caught));
      }
    }
  }
  return { entries, problems };
}

/**
 * Finds a model that the operator named.
 * @throws ChorusError `model_not_found` naming the known ids, or what is wrong with its card.
 */
export function entryOf(catalogue: Catalogue, id: string): CatalogueEntry {
  const entry = catalogue.entries.get(id);
  if (entry !== undefined) return entry;
  const problem = catalogue.problems.get(id);
  if (problem !== undefined) throw problem;
  const known = [...catalogue.entries.keys()].join(', ');
  const message =
    `There is no model ${id}. Known: ${known}. ` +
    `A model of your own needs a card: MODELS_DIR/${id}/${CARD_NAME}.`;
  throw new ChorusError('model_not_found', message, { param: 'model' });
}

/** Lays the card beside the weights, where workers read it; a user's own card is left alone. */
export async function placeCard(entry: CatalogueEntry): Promise<void> {
  const target = join(entry.dir, CARD_NAME);
  if (dirname(entry.cardPath) === entry.dir) return;
  const text = COPY_LINE + (await readFile(entry.cardPath, 'utf8'));
  if ((await textOf(target)) === text) return;
  await mkdir(entry.dir, { recursive: true });
  const temporary = `${target}.${process.pid}.part`;
  await writeFile(temporary, text);
  await rename(temporary, target);
}
