/**
 * Process of its own: a whole server whose workers have the timed engine. Prints where it can be
 * reached, one JSON line, and ends at SIGTERM.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { loadCatalogue } from '../../src/models/catalogue.js';
import { ConfiguredModels } from '../../src/models/model-names.js';
import { createLogger } from '../../src/telemetry/log.js';
import { SCRIPTED_CARD } from '../../test/support/scripted-card.js';
import { STARTS_FILE } from '../../test/workers/timed-engine.js';

/** What the process prints. */
export interface TimedServerPlaces {
  readonly url: string;
  /** Data sockets of the workers. */
  readonly sockets: readonly string[];
  /** Where the engines note the starts of requests. */
  readonly startsFile: string;
}

/** Everything is made below the folder for temporary files, which nobody else uses. */
const ROOT = tmpdir();
const MODEL_DIR = join(ROOT, 'models', 'scripted');
const SOCKET = /^cpu-.*\.sock$/;

async function start(workers: number, capacity: string): Promise<void> {
  await mkdir(MODEL_DIR, { recursive: true });
  await writeFile(join(MODEL_DIR, 'model.yaml'), SCRIPTED_CARD);
  const settings = loadSettings({ env: environment(capacity), cwd: ROOT });
  const model = {
    id: 'scripted',
    service: 'tts',
    dir: MODEL_DIR,
    replicas: 1,
    threads: 1,
  } as const;
  const server = await startServer({
    settings,
    log: createLogger(settings),
    catalogue: new ConfiguredModels(await loadCatalogue(settings), settings),
    workers: Array.from({ length: workers }, (_, n) => ({
      id: `cpu-${n}`,
      device: { kind: 'cpu' },
      models: [model],
    })),
    workerEntry: new URL('../../test/workers/timed-entry.js', import.meta.url),
  });
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  await server.settled;
  const places: TimedServerPlaces = {
    url: server.url,
    sockets: await workerSockets(),
    startsFile: join(MODEL_DIR, STARTS_FILE),
  };
  process.stdout.write(`${JSON.stringify(places)}\n`);
}

function environment(capacity: string): NodeJS.ProcessEnv {
  return {
    PORT: '0',
    MODELS_DIR: join(ROOT, 'models'),
    DATA_DIR: join(ROOT, 'data'),
    TTS_MODELS: 'scripted',
    ASR_MODELS: 'none',
    TTS_CAPACITY: capacity,
    // Nobody is refused, as nobody is by the peers.
    MAX_QUEUE: '1000000',
    QUEUE_TIMEOUT_MS: '3600000',
    LOG_FILE: 'none',
    LOG_LEVEL: 'silent',
  };
}

async function workerSockets(): Promise<string[]> {
  const entries = await readdir(ROOT, { recursive: true, withFileTypes: true });
  const sockets = entries.filter((entry) => entry.isSocket() && SOCKET.test(entry.name));
  return sockets.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

const [workers, capacity = '1'] = process.argv.slice(2);
await start(Number(workers), capacity);
