import { constants } from 'node:os';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { entryOf, loadCatalogue } from '../models/catalogue.js';
import type { Catalogue } from '../models/catalogue.js';
import { pullModels } from '../models/pull/pull.js';
import { EXIT } from './failure.js';
import { PullProgress } from './progress.js';

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
    readonly from?: string | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { settings, catalogue, from, signal } = options;
  const entries = ids.map((id) => entryOf(catalogue, id));
  const progress = new PullProgress(process.stderr);
  try {
    await pullModels(entries, { ...settings, from, signal, report: progress.report });
  } finally {
    progress.end();
  }
}

/** Runs `chorus pull` and resolves with its exit code. */
export async function pull(request: PullRequest): Promise<number> {
  const settings = loadSettings();
  const catalogue = await loadCatalogue(settings);
  const configured = [...settings.tts.models, ...settings.asr.models];
  const named = request.all ? [...catalogue.entries.keys()] : request.ids;
  const ids = [...new Set(named.length > 0 ? named : configured)];
  const interruption = interruptible();
  try {
    const { signal } = interruption;
    await pullWithProgress(ids, { settings, catalogue, from: request.from, signal });
  } catch (caught) {
    if (interruption.exitCode() === undefined) throw caught;
    console.error('chorus: stopped; the next pull goes on from here.');
    return interruption.exitCode() ?? EXIT.failed;
  } finally {
    interruption.end();
  }
  console.log(`Ready: ${ids.join(', ')}`);
  return EXIT.ok;
}

/** Turns Ctrl-C and SIGTERM into an abort; a second one ends the process at once. */
function interruptible(): {
  readonly signal: AbortSignal;
  exitCode(): number | undefined;
  end(): void;
} {
  const controller = new AbortController();
  let code: number | undefined;
  const stop = (name: NodeJS.Signals): void => {
    const number = 128 + constants.signals[name];
    if (code !== undefined) process.exit(number);
    code = number;
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    exitCode: () => code,
    end: () => process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}
