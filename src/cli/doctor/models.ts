import { join } from 'node:path';
import { SettingsError } from '../../config/settings-error.js';
import type { Settings } from '../../config/settings.js';
import { entryOf, loadCatalogue } from '../../models/catalogue.js';
import type { CatalogueEntry } from '../../models/catalogue.js';
import { ConfiguredModels } from '../../models/model-names.js';
import { modelState, repairAdvice } from '../../models/model-state.js';
import { hashFile } from '../../models/pull/content-cache.js';
import { sayBytes } from '../../models/pull/disk-space.js';
import type { CheckContext, Finding } from './check.js';

/** Finds the configured models' cards. @throws SettingsError as a start would. */
export async function configuredEntries(settings: Settings): Promise<readonly CatalogueEntry[]> {
  const catalogue = await loadCatalogue(settings);
  const models = new ConfiguredModels(catalogue, settings);
  const cards = [...models.configured('tts'), ...models.configured('asr')];
  return cards.map(({ id }) => entryOf(catalogue, id));
}

/** Files of the right size whose content is not the card's. Only what no pull verified is read. */
async function corruptFiles({ card, dir }: CatalogueEntry): Promise<readonly string[]> {
  const { files } = await modelState({ card, dir });
  const corrupt: string[] = [];
  for (const { file, state } of files) {
    if (state !== 'unverified' || file.sha256 === undefined) continue;
    const hash = await hashFile(join(dir, file.path));
    if (hash.digest('hex') !== file.sha256) corrupt.push(file.path);
  }
  return corrupt;
}

/** What is wrong with a model's folder; undefined if nothing is. */
async function faultOf(entry: CatalogueEntry): Promise<string | undefined> {
  const { id } = entry.card;
  const { summary } = await modelState(entry);
  if (summary !== 'ready') return repairAdvice(entry);
  const corrupt = await corruptFiles(entry);
  if (corrupt.length === 0) return undefined;
  return `${id} is corrupt (not the content that its card names: ${corrupt.join(', ')}).`;
}

function sound({ card }: CatalogueEntry): string {
  const bytes = card.files.reduce((sum, file) => sum + file.bytes, 0);
  return `${card.id} is complete (${sayBytes(bytes)})`;
}

async function findingOf(entries: readonly CatalogueEntry[]): Promise<Finding> {
  const faults = await Promise.all(entries.map(faultOf));
  const lines = entries.map((entry, index) => faults[index] ?? sound(entry));
  const detail = lines.join('\n');
  const broken = entries.filter((_, index) => faults[index] !== undefined);
  if (broken.length === 0) return { state: 'ok', detail };
  const ids = broken.map(({ card }) => card.id);
  return { state: 'failed', detail, advice: `Run \`chorus pull ${ids.join(' ')}\`.` };
}

/** Looks whether the configured models are complete and are what their cards say. */
export async function checkModels({ settings }: CheckContext): Promise<Finding> {
  try {
    return await findingOf(await configuredEntries(settings));
  } catch (caught) {
    if (!(caught instanceof SettingsError)) throw caught;
    return {
      state: 'failed',
      detail: caught.problems.join('\n'),
      advice: 'Correct TTS_MODELS and ASR_MODELS; `chorus models` lists what there is.',
    };
  }
}
