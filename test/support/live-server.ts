import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';

import { startServer, type RunningServer, type StartOptions } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { loadCatalogue } from '../../src/models/catalogue.js';
import { ConfiguredModels } from '../../src/models/model-names.js';
import { echoFamily } from './echo-family.js';

/**
 * Models of test/workers/live-engine.ts: one that hears live speech and one that does not. There is
 * also `turns`, which finds turns as the real engines do.
 */
const LIVE_MODELS: readonly string[] = ['live', 'deaf'];

function cardOf(id: string): string {
  return `
id: ${id}
name: ${id}
description: An engine for tests that counts what it hears.
task: asr
engine: whisper
licence: none
languages: [en]
files:
  - path: model.onnx
    bytes: 1
    sha256: '${'0'.repeat(64)}'
    sources: [{ type: huggingface, repo: none/none, path: none }]
`;
}

/** A whole server in this process whose workers hear live speech over the echo family. */
export interface LiveServer extends RunningServer {
  readonly modelDir: string;
  /** Emits `line` for each line of the log. */
  readonly logLines: EventEmitter<{ line: [Record<string, unknown>] }>;
  /** Steps that the engines have started so far, as `<pid> <action>`. */
  startedSteps(): Promise<string[]>;
}

/** How a live server is started. */
export interface LiveServerOptions {
  readonly workers: number;
  /** The first is the default. */
  readonly models?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly tracing?: StartOptions['tracing'];
}

/** Starts it with workers of one replica each and the real media process. */
export async function startLiveServer({
  workers,
  models: ids = LIVE_MODELS,
  settings = {},
  tracing,
}: LiveServerOptions): Promise<LiveServer> {
  const root = await mkdtemp(join(tmpdir(), 'chorus-live-'));
  const dirOf = (id: string): string => join(root, 'models', id);
  for (const id of ids) {
    await mkdir(dirOf(id), { recursive: true });
    await writeFile(join(dirOf(id), 'model.yaml'), cardOf(id));
  }
  const env = {
    PORT: '0',
    MODELS_DIR: join(root, 'models'),
    DATA_DIR: join(root, 'data'),
    TTS_MODELS: 'none',
    ASR_MODELS: ids.join(','),
    LOG_FILE: 'none',
    ...settings,
  };
  const loaded = loadSettings({ env, cwd: root });
  const logLines = new EventEmitter<{ line: [Record<string, unknown>] }>();
  const log = { write: (line: string) => void logLines.emit('line', JSON.parse(line)) };
  const models = ids.map(
    (id) => ({ id, service: 'asr', dir: dirOf(id), replicas: 1, threads: 1 }) as const,
  );
  const server = await startServer({
    tracing,
    settings: loaded,
    log: pino({}, log),
    catalogue: new ConfiguredModels(await loadCatalogue(loaded), loaded),
    workers: Array.from({ length: workers }, (_, n) => ({
      id: `cpu-${n}`,
      device: { kind: 'cpu' },
      models,
    })),
    workerEntry: new URL('../workers/live-entry.js', import.meta.url),
    families: [echoFamily],
  });
  await server.settled;
  return {
    ...server,
    modelDir: dirOf(ids[0] ?? 'live'),
    logLines,
    async startedSteps() {
      const text = await readFile(join(dirOf(ids[0] ?? 'live'), 'steps.log'), 'utf8').catch(
        () => '',
      );
      return text.split('\n').filter((line) => line !== '');
    },
    async stop() {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
