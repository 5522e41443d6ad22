/**
 * Process of its own: a server whose workers count what they hear, and which speaks the echo family.
 * Prints its address and its workers' process ids; ends with SIGTERM.
 */
import { once } from 'node:events';

import { startLiveServer } from '../../test/support/live-server.js';

const [workers, streams = ''] = process.argv.slice(2);
const server = await startLiveServer({
  workers: Number(workers),
  // All streams open an utterance while the fresh workers still take little at once.
  settings: {
    ASR_CAPACITY: streams,
    MAX_STREAMS: streams,
    MAX_QUEUE: streams,
    LOG_LEVEL: 'warn',
  },
});
const pids = server.supervisor.status().workers.map(({ pid }) => pid);
process.stdout.write(`${JSON.stringify({ url: server.url, workerPids: pids })}\n`);
await once(process, 'SIGTERM');
await server.stop();
process.exit(0);
