import { join } from 'node:path';

import { resolveWorkers } from '../config/devices.js';
import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import type { ServerStatus } from '../protocol/status.js';
import { createLogger } from '../telemetry/log.js';
import { startServer, type RunningServer } from './start-server.js';
import { VERSION } from './version.js';
import { workerSpecs } from './worker-specs.js';

/** Exit codes of `chorus serve`, beside 0; those of sysexits.h. */
const EXIT_ALREADY_RUNNING = 75;
const EXIT_CONFIG = 78;

export const placeholder = [
  join,
  resolveWorkers,
  listGpus,
  loadSettings,
  createLogger,
  startServer,
  VERSION,
  workerSpecs,
  EXIT_ALREADY_RUNNING,
  EXIT_CONFIG,
];
export type P = Settings | ServerStatus | RunningServer;

/** Starts the server and resolves with the exit code when it has ended. */
export async function serve(_options: { readonly pull: boolean }): Promise<number> {
  throw new Error('not there yet');
}
