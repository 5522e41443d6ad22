import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { entryOf, loadCatalogue } from '../models/catalogue.js';
import type { Catalogue } from '../models/catalogue.js';
import { withCompanions } from '../models/companions.js';
import { pullModels } from '../models/pull/pull.js';
import { EXIT } from './failure.js';
import { untilInterrupted } from './interruption.js';
import { PullProgress } from './progress.js';
import { Needs } from './variants.js';

/** What `chorus pull` was asked for. */
export interface PullRequest {
  /** Empty = the configured models. */
  readonly ids: readonly string[];
  readonly all: boolean;
  /** A local folder to take the files from. */
  readonly from: string | undefined;
}

/** Pulls models with the user's settings and draws the progress on standard error. */
export async function pullWithProgress(
  ids: readonly string[],
  options: {
    readonly settings: Settings;
    readonly catalogue: Catalogue;
    readonly needs: Needs;
    readonly from?: string | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { settings, catalogue, needs, from, signal } = options;
  const needed = withCompanions(ids, (id) => catalogue.entries.get(id)?.card);
  const entries = needed.map((id) => entryOf(catalogue, id));
  const wanted = { wishes: needs.wishes, removesSurplus: !needs.mayUseGpu };
  const progress = new PullProgress(process.stderr);
  try {
    await pullModels(entries, { ...settings, ...wanted, from, signal, report: progress.report });
  } finally {
    progress.end();
  }
}

/** Runs `chorus pull` and resolves with its exit code. */
export async function pull(request: PullRequest): Promise<number> {
  const settings = loadSettings();
  const catalogue = await loadCatalogue(settings);
  const configured = [...settings.tts.models, ...settings.asr.models];
  const needs = new Needs(settings, await listGpus());
  needs.assertSettings(catalogue);
  const named = request.all ? [...catalogue.entries.keys()] : request.ids;
  const ids = [...new Set(named.length > 0 ? named : configured)];
  const exitCode = await untilInterrupted((signal) =>
    pullWithProgress(ids, { settings, catalogue, needs, from: request.from, signal }),
  );
  if (exitCode !== undefined) return exitCode;
  console.log(`Ready: ${ids.join(', ')}`);
  return EXIT.ok;
}
