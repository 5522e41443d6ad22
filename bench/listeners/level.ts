import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { costOf } from '../support/load-cost.js';
import type { LoadCost } from '../support/load-cost.js';
import { quantile, rounded, sum } from '../support/statistics.js';
import { Listener } from './listener.js';
import type { Listened, ListenerOptions } from './listener.js';

/** So many listeners for so long. */
export interface LevelPlan extends ListenerOptions {
  readonly listeners: number;
  /** Within which one after the other begins. */
  readonly staggerSeconds: number;
  /** How long all are there. */
  readonly seconds: number;
  /** The server's supervisor. */
  readonly pid: number;
}

/** What a level's listeners went through together. */
export interface Level {
  readonly listeners: number;
  readonly underruns: number;
  readonly listenersWithUnderruns: number;
  readonly stalledMs: number;
  readonly smallestBufferMs: number | undefined;
  readonly firstAudioP50Ms: number | undefined;
  readonly firstAudioP95Ms: number | undefined;
  readonly longestWaitMs: number;
  readonly audioSeconds: number;
  readonly answers: number;
  readonly failures: number;
}

/** Who waits longer than that for the first sound is not served, buffers or not. */
const LONGEST_WAIT_MS = 2_000;

/** Whether all were served without a gap. */
export function isServed({ underruns, failures, longestWaitMs }: Level): boolean {
  return underruns === 0 && failures === 0 && longestWaitMs <= LONGEST_WAIT_MS;
}

/** The most listeners that were served, where all fewer were too; 0 if none were. */
export function largestServed(levels: readonly Level[]): number {
  let largest = 0;
  for (const level of levels.toSorted((a, b) => a.listeners - b.listeners)) {
    if (!isServed(level)) break;
    largest = level.listeners;
  }
  return largest;
}

/** Puts together what the listeners of a level went through. */
export function levelOf(listened: readonly Listened[]): Level {
  const waits = listened.flatMap(({ firstAudioMs }) => firstAudioMs);
  const lows = listened.flatMap(({ smallestBufferMs }) => smallestBufferMs ?? []);
  const total = (figure: (one: Listened) => number): number => rounded(sum(listened.map(figure)));
  const wait = (share: number): number | undefined =>
    waits.length === 0 ? undefined : rounded(quantile(waits, share));
  return {
    listeners: listened.length,
    underruns: total(({ underruns }) => underruns),
    listenersWithUnderruns: listened.filter(({ underruns }) => underruns > 0).length,
    stalledMs: total(({ stalledMs }) => stalledMs),
    smallestBufferMs: lows.length === 0 ? undefined : rounded(Math.min(...lows)),
    firstAudioP50Ms: wait(0.5),
    firstAudioP95Ms: wait(0.95),
    longestWaitMs: rounded(Math.max(0, ...listened.map(({ longestWaitMs }) => longestWaitMs))),
    audioSeconds: total(({ audioSeconds }) => audioSeconds),
    answers: total(({ answers }) => answers),
    failures: total(({ failures }) => failures),
  };
}

/** Lets so many listeners in, one after the other, and ends when all have been there for a time. */
export async function runLevel(plan: LevelPlan): Promise<Level & LoadCost> {
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const listeners = Array.from({ length: plan.listeners }, (_, at) => new Listener(at, plan));
  const apartMs = (plan.staggerSeconds * 1000) / plan.listeners;
  const listening = listeners.map((one, at) => one.listen(at * apartMs, end.signal));
  await delay(plan.staggerSeconds * 1000);
  const sinceMs = performance.now();
  const cost = await costOf(plan.pid, plan.seconds);
  const listened = listeners.map((one) => one.heardSince(sinceMs));
  end.abort();
  await Promise.all(listening);
  return { ...levelOf(listened), ...cost };
}
