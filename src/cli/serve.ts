import { resolveWorkers } from '../config/devices.js';
import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import { SettingsError } from '../config/settings-error.js';
import type { Settings } from '../config/settings.js';
import { entryOf, loadCatalogue, placeCard, type Catalogue } from '../models/catalogue.js';
import { ConfiguredModels } from '../models/model-names.js';
import { createLogger, type Logger } from '../telemetry/log.js';
import { announce } from './announce.js';
import { untilInterrupted } from './interruption.js';
import { followProcessManager } from './process-manager.js';
import { pullWithProgress } from './pull.js';
import { startServer, type RunningServer } from './start-server.js';
import { workerSpecs } from './worker-specs.js';

/** Exit code for an address that another program has (sysexits: EX_TEMPFAIL). */
const EXIT_ALREADY_RUNNING = 75;
/** Exit code of a second Ctrl-C, which does not wait for running work. */
const EXIT_FORCED = 130;

/**
 * Runs a server, after a pull of what is missing if asked for, until SIGINT or SIGTERM, then drains
 * it; a second signal ends it at once.
 * @returns The process's exit code.
 * @throws SettingsError if the settings, a model or a device cannot be had as configured.
 */
export async function serve({ pull }: { readonly pull: boolean }): Promise<number> {
  const settings = loadSettings();
  const log = createLogger(settings);
  const catalogue = await loadCatalogue(settings);
  const models = new ConfiguredModels(catalogue, settings);
  const stopped = pull ? await pullConfigured(settings, catalogue) : undefined;
  if (stopped !== undefined) return stopped;
  const stopSignal = nextSignal();
  let server: RunningServer;
  try {
    server = await start({ settings, log, catalogue, models });
  } catch (caught) {
    if (!isAddressInUse(caught)) throw caught;
    const { host, port } = settings;
    process.stderr.write(
      `${host}:${port} is in use by another program. Stop it, or choose another PORT.\n`,
    );
    return EXIT_ALREADY_RUNNING;
  }
  followProcessManager(server.settled, log);
  await Promise.race([server.settled, stopSignal]);
  await refuseWithoutGpu(server, settings);
  announce(server, settings);
  const signal = await stopSignal;
  log.info({ signal }, 'stopping: running work may end, nothing new is taken');
  void nextSignal().then(() => process.exit(EXIT_FORCED));
  await server.stop();
  return 0;
}

interface Parts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly catalogue: Catalogue;
  readonly models: ConfiguredModels;
}

async function start({ settings, log, catalogue, models }: Parts): Promise<RunningServer> {
  await placeCards(catalogue, settings);
  const plans = resolveWorkers(settings, await listGpus());
  const workers = workerSpecs(plans, settings, (id) => models.modelDir(id));
  warnIfOpen(settings, log);
  return startServer({ settings, log, catalogue: models, workers });
}

/** Ends a server that must compute on GPUs if a model could not be loaded on its GPU. */
async function refuseWithoutGpu(server: RunningServer, settings: Settings): Promise<void> {
  const { warnings } = server.supervisor.status();
  if (!settings.requireGpu || warnings.length === 0) return;
  await server.stop();
  throw new SettingsError(warnings.map((warning) => `REQUIRE_GPU=true, but ${warning}`));
}

/** Resolves with an exit code if the pull was interrupted. */
async function pullConfigured(
  settings: Settings,
  catalogue: Catalogue,
): Promise<number | undefined> {
  const ids = [...new Set([...settings.tts.models, ...settings.asr.models])];
  return untilInterrupted((signal) => pullWithProgress(ids, { settings, catalogue, signal }));
}

/** Workers read the card beside the weights. */
async function placeCards(catalogue: Catalogue, settings: Settings): Promise<void> {
  for (const id of [...settings.tts.models, ...settings.asr.models]) {
    await placeCard(entryOf(catalogue, id));
  }
}

function warnIfOpen({ host, apiKeys }: Settings, log: Logger): void {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal || apiKeys.length > 0) return;
  log.warn({ host }, 'OPEN TO THE NETWORK WITHOUT A KEY: set API_KEYS, or HOST=127.0.0.1');
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

function isAddressInUse(caught: unknown): boolean {
  return caught instanceof Error && 'code' in caught && caught.code === 'EADDRINUSE';
}
