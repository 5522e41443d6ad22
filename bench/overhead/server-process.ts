/**
 * Process of its own, run with --expose-gc: the whole server, whose workers have the empty engine.
 * Its argument is the number of workers, its settings are those of the environment. Each line on
 * standard input is answered with one line: its memory after a garbage collection.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { startServer } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { loadCatalogue } from '../../src/models/catalogue.js';
import { ConfiguredModels } from '../../src/models/model-names.js';
import { createLogger } from '../../src/telemetry/log.js';
import { SCRIPTED_CARD } from '../../test/support/scripted-card.js';
import { EMPTY_MODEL } from './requests.js';

const settings = loadSettings();
const dir = join(settings.modelsDir, EMPTY_MODEL);
await mkdir(dir, { recursive: true });
await writeFile(join(dir, 'model.yaml'), SCRIPTED_CARD);
const model = { id: EMPTY_MODEL, service: 'tts', dir, replicas: 1, threads: 1 } as const;
const server = await startServer({
  settings,
  log: createLogger(settings),
  catalogue: new ConfiguredModels(await loadCatalogue(settings), settings),
  workers: Array.from({ length: Number(process.argv[2]) }, (_, n) => ({
    id: `cpu-${n}`,
    device: { kind: 'cpu' },
    models: [model],
  })),
  workerEntry: new URL('../../test/workers/empty-entry.js', import.meta.url),
});
await server.settled;

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

tell({ url: server.url });
createInterface({ input: process.stdin }).on('line', () => {
  gc?.();
  const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage();
  tell({ heapBytes, rssBytes });
});
process.once('SIGTERM', () => {
  void server.stop().then(() => process.exit(0));
});
