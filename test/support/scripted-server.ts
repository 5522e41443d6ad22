import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer, type RunningServer, type StartOptions } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { loadCatalogue } from '../../src/models/catalogue.js';
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

/** Starts it with `workers` scripted workers of one replica each and the real media process. */
export async function startScriptedServer(
  workers: number,
  settings: Record<string, string> = {},
  parts: Pick<StartOptions, 'tracing'> = {},
): Promise<ScriptedServer> {
  const root = await mkdtemp(join(tmpdir(), 'chorus-scripted-'));
  const modelDir = join(root, 'models', 'scripted');
  await mkdir(modelDir, { recursive: true });
  await writeFile(join(modelDir, 'model.yaml'), SCRIPTED_CARD);
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
      device: { kind: 'cpu' },
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
