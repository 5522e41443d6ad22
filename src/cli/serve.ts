import { resolveWorkers } from '../config/devices.js';
import { type Gpu, listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import { tracingSettings } from '../config/tracing.js';
import { SettingsError } from '../config/settings-error.js';
import type { Settings } from '../config/settings.js';
import { visibilityWarnings } from '../config/visible-gpus.js';
import { entryOf, loadCatalogue, placeCard, type Catalogue } from '../models/catalogue.js';
import { ConfiguredModels } from '../models/model-names.js';
import { DataFolderInUse } from '../supervisor/data-folder.js';
import { createLogger, type Logger } from '../telemetry/log.js';
import { type RunningTracing, startTracing } from '../telemetry/tracing/start-tracing.js';
import { announce } from './announce.js';
import { cudaForWorkers } from './cuda-workers.js';
import { EXIT } from './failure.js';
import { untilInterrupted } from './interruption.js';
import { followProcessManager } from './process-manager.js';
import { pullWithProgress } from './pull.js';
import { reloadOnHangup } from './reload-settings.js';
import { startServer, type RunningServer } from './start-server.js';
import { nextStopSignal } from './stop-signal.js';
import { chooseVariants, Needs } from './variants.js';
import { VERSION } from './version.js';
import { warnIfOpen } from './warn-if-open.js';
import { workerSpecs } from './worker-specs.js';

/** How to serve. */
export interface ServeOptions {
  /** Whether to fetch first what the configured models still miss. */
  readonly pull: boolean;
  /** Exit code after a stop that was asked for; 0 but for process managers that misread it. */
  readonly stoppedExitCode: number;
}

/**
 * Runs a server, after a pull of what is missing if asked for, until SIGINT or SIGTERM, then drains
 * it; a second signal ends it at once.
 * @returns The process's exit code.
 * @throws SettingsError if the settings, a model or a device cannot be had as configured.
 */
export async function serve({ pull, stoppedExitCode }: ServeOptions): Promise<number> {
  const settings = loadSettings();
  const log = createLogger(settings);
  const catalogue = await loadCatalogue(settings);
  const models = new ConfiguredModels(catalogue, settings);
  const gpus = await listGpus();
  const needs = new Needs(settings, gpus);
  needs.assertSettings(catalogue);
  const stopped = pull ? await pullConfigured(settings, catalogue, needs) : undefined;
  if (stopped !== undefined) return stopped;
  const stopSignal = nextStopSignal();
  const tracing = await startTracing({ ...tracingSettings(), version: VERSION, log });
  let server: RunningServer;
  try {
    server = await start({ settings, log, catalogue, models, gpus, tracing });
  } catch (caught) {
    const reason = whyAlreadyRunning(caught, settings);
    if (reason === undefined) throw caught;
    process.stderr.write(`${reason}\n`);
    return EXIT.alreadyRunning;
  }
  followProcessManager(server.settled, log);
  reloadOnHangup({ server, settings, log });
  const stoppedEarly = await Promise.race([server.settled, stopSignal]);
  if (stoppedEarly === undefined) {
    await refuseWithoutGpu(server, settings);
    announce(server, settings);
  }
  const signal = await stopSignal;
  log.info({ signal }, 'stopping: running work may end, nothing new is taken');
  void nextStopSignal().then(() => {
    // The operator does not wait; children end with this process.
    log.warn({}, 'stopping at once: what still ran is broken off');
    process.exit(stoppedExitCode);
  });
  await server.stop();
  // What the library still tries to send would keep the process alive.
  if ((await tracing?.stop()) === false) process.exit(stoppedExitCode);
  return stoppedExitCode;
}

interface Parts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly catalogue: Catalogue;
  readonly models: ConfiguredModels;
  readonly gpus: readonly Gpu[];
  readonly tracing: RunningTracing | undefined;
}

async function start(parts: Parts): Promise<RunningServer> {
  const { settings, log, catalogue, models, gpus, tracing } = parts;
  await placeCards(catalogue, settings);
  const plans = resolveWorkers(settings, gpus);
  const { environment, warnings } = await cudaForWorkers(settings, plans);
  for (const warning of [...visibilityWarnings(gpus), ...warnings]) log.warn({}, warning);
  const variantOf = await chooseVariants(plans, settings, catalogue);
  const modelDir = (id: string): string => models.modelDir(id);
  const places = { modelDir, variantOf, gpuEnvironment: environment };
  const workers = workerSpecs(plans, settings, places);
  warnIfOpen(settings, log);
  return startServer({ settings, log, catalogue: models, workers, tracing, warnings });
}

/** Ends a server that must compute on GPUs if a model could not be loaded on its GPU. */
async function refuseWithoutGpu(server: RunningServer, settings: Settings): Promise<void> {
  if (!settings.requireGpu) return;
  const { workers, warnings } = server.supervisor.status();
  const models = workers.flatMap((worker) => worker.models);
  if (models.every((model) => model.state === 'ready' && !model.degradedReason)) return;
  await server.stop();
  throw new SettingsError(warnings.map((warning) => `REQUIRE_GPU=true, but ${warning}`));
}

/** Resolves with an exit code if the pull was interrupted. */
async function pullConfigured(
  settings: Settings,
  catalogue: Catalogue,
  needs: Needs,
): Promise<number | undefined> {
  const ids = [...new Set([...settings.tts.models, ...settings.asr.models])];
  return untilInterrupted((signal) =>
    pullWithProgress(ids, { settings, catalogue, needs, signal }),
  );
}

/** Workers read the card beside the weights. */
async function placeCards(catalogue: Catalogue, settings: Settings): Promise<void> {
  for (const id of [...settings.tts.models, ...settings.asr.models]) {
    await placeCard(entryOf(catalogue, id));
  }
}

/** Says what to do if another server is in the way; undefined if something else is wrong. */
function whyAlreadyRunning(caught: unknown, { host, port }: Settings): string | undefined {
  if (caught instanceof DataFolderInUse) return caught.message;
  const isTaken = caught instanceof Error && 'code' in caught && caught.code === 'EADDRINUSE';
  if (!isTaken) return undefined;
  return `${host}:${port} is in use by another program. Stop it, or choose another PORT.`;
}
