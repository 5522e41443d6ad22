import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { PROJECT_ROOT } from '../support/chorus.js';
import { Program } from '../support/program.js';
import { note } from '../support/report.js';

const ENTRIES = {
  ours: fileURLToPath(new URL('server-process.js', import.meta.url)),
  spliced: fileURLToPath(new URL('splice-process.js', import.meta.url)),
};

/** How the measured server is started. */
export interface ServedOptions {
  readonly workers: number;
  readonly streams: number;
  readonly cpus: string | undefined;
  /** Folder for V8's profile of the supervisor. */
  readonly profile: string | undefined;
}

/** The measured server. */
export interface Served {
  readonly program: Program;
  readonly url: string;
  readonly workerPids: readonly number[];
}

/** Starts a server, or the relay that splices, in a process of its own; waits until it is ready. */
export async function serve(
  what: keyof typeof ENTRIES,
  { workers, streams, cpus, profile }: ServedOptions,
): Promise<Served> {
  const isProfiled = profile !== undefined && what === 'ours';
  const profiling = isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const program = new Program({
    name: `the server of the streams (${what})`,
    command: process.execPath,
    // The flag of `npm start`.
    args: [
      '--max-semi-space-size=4',
      ...profiling,
      ENTRIES[what],
      ...(what === 'ours' ? [String(workers), String(streams)] : []),
    ],
    cwd: PROJECT_ROOT,
    cpus,
    onErrorLine: note,
  });
  const lines = createInterface({ input: program.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), program.ended()])) as [string];
  return { program, ...(JSON.parse(line) as Pick<Served, 'url' | 'workerPids'>) };
}
