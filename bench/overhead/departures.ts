import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { leavingText } from '../../test/workers/empty-engine.js';
import { drawRaw, openRaw, sendRaw } from '../soak/raw-connection.js';
import { untilHealth } from '../support/health.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { quantile, rounded } from '../support/statistics.js';
import { startEmptyServer } from './empty-server.js';
import { speechBodyOf, SPEECH_ROUTE } from './requests.js';

/** How many clients leave. */
export interface DepartureOptions {
  readonly workers: number;
  readonly cpus: string | undefined;
  readonly departures: number;
}

/** When a client leaves: before its first audio, or in the middle of its answer. */
const MOMENTS = ['before', 'after'] as const;
const POLL_MS = 5;
const NS_PER_MS = 1e6;

/** Measures how long it takes from a client's leaving until the engine that works for it knows. */
export async function benchDepartures(options: DepartureOptions): Promise<void> {
  const server = await startEmptyServer(options);
  const folder = await mkdtemp(join(tmpdir(), 'chorus-departures-'));
  try {
    for (const moment of MOMENTS) {
      note(`overhead: departures ${moment} the first audio`);
      const machine = machineState();
      const file = join(folder, moment);
      const tookMs: number[] = [];
      for (let n = 0; n < options.departures; n += 1) {
        tookMs.push(await departure(server.url, moment, { file, earlier: n }));
      }
      const [p50Ms, p95Ms, maxMs] = [0.5, 0.95, 1].map((share) => rounded(quantile(tookMs, share)));
      const told = { moment, departures: options.departures, p50Ms, p95Ms, maxMs };
      print({ bench: 'overhead', kind: 'summary', part: 'departures', ...told, ...machine });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await server.stop();
  }
}

async function departure(
  url: string,
  moment: (typeof MOMENTS)[number],
  { file, earlier }: { readonly file: string; readonly earlier: number },
): Promise<number> {
  const socket = await openRaw(Number(new URL(url).port), new AbortController().signal);
  const headers = { 'content-type': 'application/json' };
  const body = speechBodyOf(leavingText(moment, file));
  const heard = once(socket, 'data');
  await sendRaw(socket, drawRaw({ path: SPEECH_ROUTE, headers, body }));
  if (moment === 'after') await heard;
  await untilHealth(url, { wanted: ({ leases }) => leases === 1, everyMs: POLL_MS });
  const leftAt = process.hrtime.bigint();
  socket.destroy();
  const knownAt = await nthLine(file, earlier);
  await untilHealth(url, { wanted: ({ leases }) => leases === 0, everyMs: POLL_MS });
  return Number(knownAt - leftAt) / NS_PER_MS;
}

async function nthLine(file: string, at: number): Promise<bigint> {
  for (;;) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    const line = lines[at];
    if (line !== undefined && lines.length > at + 1) return BigInt(line);
    await delay(POLL_MS);
  }
}
