import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer, type RunningServer, type StartOptions } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { loadCatalogue } from '../../src/models/catalogue.js';
import type { Device } from '../../src/protocol/control.js';
import type { Placement } from '../../src/protocol/placement.js';
import { ConfiguredModels } from '../../src/models/model-names.js';
import { createLogger } from '../../src/telemetry/log.js';
import { SCRIPTED_CARD } from './scripted-card.js';

/** A whole server in this process whose workers' engine is scripted by the request's text. */
export interface ScriptedServer extends RunningServer {
  readonly modelDir: string;
  /** Steps that the engines have started so far. */
  startedSteps(): Promise<string[]>;
  /** Files of uploads in progress. */
  spooled(): Promise<string[]>;
}

/** How a scripted server differs from the usual. */
export interface ScriptedServerParts extends Pick<StartOptions, 'tracing'> {
  /** The device of its workers, where it is not the CPU. */
  readonly device?: Device;
  /** Where the workers' graphs are said to have run. */
  readonly placement?: Placement;
}

/** Starts it with `workers` scripted workers of one replica each and the real media process. */
export async function startScriptedServer(
  workers: number,
  settings: Record<string, string> = {},
  { device = { kind: 'cpu' }, placement, ...parts }: ScriptedServerParts = {},
): Promise<ScriptedServer> {
  const root = await mkdtemp(join(tmpdir(), 'chorus-scripted-'));
  const modelDir = join(root, 'models', 'scripted');
  await mkdir(modelDir, { recursive: true });
  await writeFile(join(modelDir, 'model.yaml'), SCRIPTED_CARD);
  if (placement) await writeFile(join(modelDir, 'placement.json'), JSON.stringify(placement));
  const env = {
    PORT: '0',
    MODELS_DIR: join(root, 'models'),
    DATA_DIR: join(root, 'data'),
    TTS_MODELS: 'scripted',
    ASR_MODELS: 'none',
    LOG_FILE: 'none',
    LOG_LEVEL: 'silent',
    ...settings,
  };
  const loaded = loadSettings({ env, cwd: root });
  const model = { id: 'scripted', service: 'tts', dir: modelDir, replicas: 1, threads: 1 } as const;
  const server = await startServer({
    ...parts,
    settings: loaded,
    log: createLogger(loaded),
    catalogue: new ConfiguredModels(await loadCatalogue(loaded), loaded),
    workers: Array.from({ length: workers }, (_, n) => ({
      id: `cpu-${n}`,
      device,
      models: [model],
    })),
    workerEntry: new URL('../workers/scripted-entry.js', import.meta.url),
  });
  await server.settled;
  return {
    ...server,
    modelDir,
    async startedSteps() {
      const log = await readFile(join(modelDir, 'steps.log'), 'utf8').catch(() => '');
      return log.split('\n').filter((line) => line !== '');
    },
    spooled: () => readdir(join(root, 'data', 'spool')),
    async stop() {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
