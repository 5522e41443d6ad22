import { join } from 'node:path';
import { SettingsError } from '../../config/settings-error.js';
import type { Settings } from '../../config/settings.js';
import { entryOf, loadCatalogue } from '../../models/catalogue.js';
import type { CatalogueEntry } from '../../models/catalogue.js';
import { bestHere } from '../../models/choose-variant.js';
import { ConfiguredModels } from '../../models/model-names.js';
import { modelState, repairAdvice } from '../../models/model-state.js';
import { hashFile } from '../../models/pull/content-cache.js';
import { sayBytes } from '../../models/pull/disk-space.js';
import { isNeeded } from '../../models/variants.js';
import type { Precision } from '../../protocol/precision.js';
import { Needs } from '../variants.js';
import type { CheckContext, Finding } from './check.js';

/** Finds the configured models' cards. @throws SettingsError as a start would. */
export async function configuredEntries(settings: Settings): Promise<readonly CatalogueEntry[]> {
  const catalogue = await loadCatalogue(settings);
  const models = new ConfiguredModels(catalogue, settings);
  const cards = [...models.configured('tts'), ...models.configured('asr')];
  return cards.map(({ id }) => entryOf(catalogue, id));
}

/** Files of the right size whose content is not the card's. Only what no pull verified is read. */
async function corruptFiles(
  entry: CatalogueEntry,
  precisions: readonly Precision[],
): Promise<readonly string[]> {
  const { dir } = entry;
  const { files } = await modelState(entry, precisions);
  const corrupt: string[] = [];
  for (const { file, state } of files) {
    if (state !== 'unverified' || file.sha256 === undefined) continue;
    const hash = await hashFile(join(dir, file.path));
    if (hash.digest('hex') !== file.sha256) corrupt.push(file.path);
  }
  return corrupt;
}

/** What the check of one model comes to. */
interface Verdict {
  readonly state: Finding['state'];
  readonly line: string;
}

async function verdictOf(entry: CatalogueEntry, needs: Needs): Promise<Verdict> {
  const { card } = entry;
  const wishes = needs.wishes(card);
  const found = await Promise.all(wishes.map((wish) => bestHere(entry, wish)));
  const precisions = [...new Set(found.flatMap((one) => one ?? []))];
  const fault = await faultOf(entry, precisions);
  if (fault !== undefined) return { state: 'failed', line: fault };
  const line = `${card.id} is complete (${sayBytes(neededBytes(entry, precisions))})`;
  const lacking = wishes.filter((wish, index) => wish[0] !== found[index]);
  if (lacking.length === 0) return { state: 'ok', line };
  const better = lacking.map((wish) => wish[0]).join(', ');
  return {
    state: 'warning',
    line: `${line}, but not in ${better}: it runs in ${precisions.join(', ')}`,
  };
}

/** What is wrong with a model's folder; undefined if nothing is. */
async function faultOf(
  entry: CatalogueEntry,
  precisions: readonly Precision[],
): Promise<string | undefined> {
  const { id } = entry.card;
  const { summary } = await modelState(entry, precisions);
  if (summary !== 'ready') return repairAdvice(entry, precisions);
  const corrupt = await corruptFiles(entry, precisions);
  if (corrupt.length === 0) return undefined;
  return `${id} is corrupt (not the content that its card names: ${corrupt.join(', ')}).`;
}

function neededBytes({ card }: CatalogueEntry, precisions: readonly Precision[]): number {
  const needed = card.files.filter((file) => isNeeded(file, precisions));
  return needed.reduce((sum, file) => sum + file.bytes, 0);
}

async function findingOf(entries: readonly CatalogueEntry[], needs: Needs): Promise<Finding> {
  const verdicts = await Promise.all(entries.map((entry) => verdictOf(entry, needs)));
  const detail = verdicts.map(({ line }) => line).join('\n');
  const wanting = entries.filter((_, index) => verdicts[index]?.state !== 'ok');
  if (wanting.length === 0) return { state: 'ok', detail };
  const state = verdicts.some((one) => one.state === 'failed') ? 'failed' : 'warning';
  const ids = wanting.map(({ card }) => card.id);
  return { state, detail, advice: `Run \`chorus pull ${ids.join(' ')}\`.` };
}

/** Looks whether the configured models are complete and are what their cards say. */
export async function checkModels({ settings, gpus }: CheckContext): Promise<Finding> {
  try {
    const needs = new Needs(settings, await gpus);
    needs.assertSettings(await loadCatalogue(settings));
    return await findingOf(await configuredEntries(settings), needs);
  } catch (caught) {
    if (!(caught instanceof SettingsError)) throw caught;
    return {
      state: 'failed',
      detail: caught.problems.join('\n'),
      advice:
        'Correct TTS_MODELS, ASR_MODELS and the settings of their precision; ' +
        '`chorus models --json` lists what there is.',
    };
  }
}
