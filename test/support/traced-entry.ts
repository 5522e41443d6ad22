/**
 * A whole server in a process of its own, traced as its environment says: `scripted` or `live`
 * workers, how many, and settings as JSON. Tells its parent where it is, and answers `queued`.
 */
import pino from 'pino';

import { tracingSettings } from '../../src/config/tracing.js';
import { startTracing } from '../../src/telemetry/tracing/start-tracing.js';
import { startLiveServer } from './live-server.js';
import { startScriptedServer } from './scripted-server.js';

const [kind, count, json = '{}'] = process.argv.slice(2);
const log = pino({}, { write: (line) => void process.stderr.write(line) });
const tracing = await startTracing({ ...tracingSettings(), version: '0.0.0', log });
const workers = Number(count);
const settings = JSON.parse(json) as Record<string, string>;
const server =
  kind === 'live'
    ? await startLiveServer({ workers, settings, tracing })
    : await startScriptedServer(workers, settings, { tracing });

process.on('message', (message) => {
  if (message === 'stop') void stop();
  else process.send?.({ queued: server.supervisor.status().requests.queued });
});
process.send?.({ url: server.url, modelDir: server.modelDir });

async function stop(): Promise<void> {
  await server.stop();
  await tracing?.stop();
  process.exit(0);
}
