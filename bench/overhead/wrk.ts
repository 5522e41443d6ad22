import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT_ROOT } from '../support/chorus.js';

const SCRIPT = join(PROJECT_ROOT, 'bench', 'overhead', 'load.lua');

/** One run of the load generator. */
export interface Load {
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  readonly cpus: string | undefined;
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Headers included. */
  readonly bytes: number;
  /** Answers other than 2xx and 3xx, broken connections and time-outs. */
  readonly failed: number;
}

/** Has wrk send one body over and over with so many connections. */
export async function runWrk(load: Load): Promise<LoadResult> {
  const { url, body, connections, seconds, cpus } = load;
  const wrk = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', SCRIPT, url, '--', body];
  const pinned = cpus === undefined ? ['wrk', ...wrk] : ['taskset', '-c', cpus, 'wrk', ...wrk];
  const { stdout } = await promisify(execFile)(pinned[0] ?? 'wrk', pinned.slice(1));
  return readWrk(stdout);
}

/**
 * Finds the line that load.lua prints among what wrk prints itself.
 * @throws Error if it is not there.
 */
export function readWrk(output: string): LoadResult {
  const line = output.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`wrk did not tell what came of its run:\n${output}`);
  return JSON.parse(line) as LoadResult;
}
