import { setTimeout as delay } from 'node:timers/promises';

import { cpuSeconds } from '../support/process-stat.js';
import type { Speaker } from './load.js';

/** What was measured in one period. */
export interface Period {
  /** Time on a core per second of the clock. */
  readonly supervisorCores: number;
  readonly workerCores: number;
  readonly messagesPerSecond: number;
  readonly latenciesMs: readonly number[];
}

/** Whose time on a core is measured. */
export interface Measured {
  readonly program: { readonly pid: number };
  readonly workerPids: readonly number[];
}

/** How long, and how often each stream sends; 0 = the streams are open and silent. */
export interface PeriodPlan {
  readonly seconds: number;
  readonly messagesPerSecond: number;
}

const TICK_MS = 2;
/** Answers of the last messages are still on their way. */
const LAST_ANSWERS_MS = 500;

/** Lets all streams speak, or be silent, for a while. */
export async function measurePeriod(
  { program, workerPids }: Measured,
  speakers: readonly Speaker[],
  plan: PeriodPlan,
): Promise<Period> {
  for (const speaker of speakers) speaker.takeLatenciesMs();
  const beginMs = performance.now();
  const before = await spent(program.pid, workerPids);
  const messages = await speakFor(speakers, plan);
  const after = await spent(program.pid, workerPids);
  const seconds = (performance.now() - beginMs) / 1000;
  await delay(LAST_ANSWERS_MS);
  return {
    supervisorCores: (after.supervisor - before.supervisor) / seconds,
    workerCores: (after.workers - before.workers) / seconds,
    messagesPerSecond: messages / seconds,
    latenciesMs: speakers.flatMap((speaker) => speaker.takeLatenciesMs()),
  };
}

async function spent(
  pid: number,
  workerPids: readonly number[],
): Promise<{ readonly supervisor: number; readonly workers: number }> {
  return { supervisor: await cpuSeconds([pid]), workers: await cpuSeconds(workerPids) };
}

/** Streams speak one after the other, evenly over the time between two messages of one stream. */
async function speakFor(
  speakers: readonly Speaker[],
  { seconds, messagesPerSecond }: PeriodPlan,
): Promise<number> {
  const beginMs = performance.now();
  const perMs = (speakers.length * messagesPerSecond) / 1000;
  let sent = 0;
  for (let ms = 0; ms < seconds * 1000; ms = performance.now() - beginMs) {
    for (; sent < ms * perMs; sent += 1) speakers[sent % speakers.length]?.speak();
    await delay(TICK_MS);
  }
  return sent;
}
