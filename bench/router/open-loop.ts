import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { timedText } from '../../test/workers/timed-engine.js';
import type { Door } from './doors.js';
import type { TraceRequest } from './trace.js';

/** A trace that is sent in real time. */
export interface OpenLoop {
  readonly trace: readonly TraceRequest[];
  /** In front of each request's number: no two runs of one fleet have the same. */
  readonly prefix: string;
  readonly stepMs: number;
  readonly startsFile: string;
}

/** What a run came to. */
export interface OpenLoopTimes {
  /** From just before the request is sent to the start of its first step in the engine. */
  readonly waitsMs: readonly number[];
  /** How much later than the trace says requests were sent. */
  readonly lagsMs: readonly number[];
}

interface Sent {
  readonly id: string;
  readonly atNs: bigint;
  readonly lagMs: number;
}

/**
 * Sends each request at its time, whether or not earlier ones are answered.
 * @throws Error if any is not answered whole.
 */
export async function openLoop(door: Door, loop: OpenLoop): Promise<OpenLoopTimes> {
  const beginMs = performance.now();
  const sent: Sent[] = [];
  const answers: Promise<void>[] = [];
  for (const [number, request] of loop.trace.entries()) {
    const dueMs = beginMs + request.arrivalMs;
    if (dueMs > performance.now()) await delay(dueMs - performance.now());
    const id = `${loop.prefix}-${number}`;
    const order = { id, serviceMs: request.serviceMs, stepMs: loop.stepMs };
    const text = timedText(order, request.cost);
    sent.push({ id, atNs: process.hrtime.bigint(), lagMs: performance.now() - dueMs });
    const answer = door.speak(id, text);
    // Seen at the end; until then it is nobody's unhandled rejection.
    answer.catch(() => {});
    answers.push(answer);
  }
  await Promise.all(answers);
  const starts = await readStarts(loop.startsFile);
  return {
    waitsMs: sent.map(({ id, atNs }) => Number(startOf(id, starts) - atNs) / 1e6),
    lagsMs: sent.map(({ lagMs }) => lagMs),
  };
}

function startOf(id: string, starts: ReadonlyMap<string, bigint>): bigint {
  const startNs = starts.get(id);
  if (startNs === undefined) throw new Error(`No engine has noted the start of ${id}.`);
  return startNs;
}

async function readStarts(file: string): Promise<Map<string, bigint>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [id = '', atNs = '0'] = line.split(' ');
      return [id, BigInt(atNs)];
    }),
  );
}
