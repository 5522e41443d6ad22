import { type FileHandle, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { InferenceSession } from 'onnxruntime-node';

import { type PlacedNode, placedNodes } from './placed-nodes.js';

/** Session options that turn profiling on. */
export type ProfileOptions = Pick<
  InferenceSession.SessionOptions,
  'enableProfiling' | 'profileFilePrefix'
>;

/**
 * So many runs of a session are profiled at most. Its nodes are the same in each run but for the
 * branches of an `If`, which the first runs of a decoder both take; and onnxruntime keeps what it
 * noted in memory until the profile ends.
 */
const PROFILED_RUNS = 8;

/** So much of a profile is read: eight runs of a graph of 10,000 nodes take half of it. */
const MAX_PROFILE_BYTES = 96 * 1024 * 1024;

/**
 * The profile of a session's first runs. onnxruntime chooses the name of the file and does not tell
 * it, so the file lies in a folder of its own; both are removed as soon as the file is open, and only
 * the open file is left. So nothing stays behind, however the process ends.
 */
export class RunProfile {
  readonly #session: InferenceSession;
  readonly #file: FileHandle;
  #isEnded = false;
  #isClosed = false;

  /**
   * Opens a session with a profile of its runs, or without one where there is no folder for it.
   * @param create Creates the session with the options given.
   * @throws What `create` throws.
   */
  static async begin(
    create: (options: ProfileOptions) => Promise<InferenceSession>,
  ): Promise<{ readonly session: InferenceSession; readonly profile?: RunProfile }> {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-profile-')).catch(() => undefined);
    if (folder === undefined) return { session: await create({}) };
    try {
      const session = await create({
        enableProfiling: true,
        profileFilePrefix: join(folder, 'runs'),
      });
      const file = await onlyFileIn(folder);
      return file ? { session, profile: new RunProfile(session, file) } : { session };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private constructor(session: InferenceSession, file: FileHandle) {
    this.#session = session;
    this.#file = file;
    afterRuns(session, PROFILED_RUNS, () => this.#end());
  }

  /** Ends the profile and says what ran where; nothing if no run was profiled. Only once. */
  async read(): Promise<PlacedNode[]> {
    if (this.#isClosed) return [];
    this.#end();
    try {
      return await placedNodes(
        this.#file.readLines({ start: 0, end: MAX_PROFILE_BYTES - 1, autoClose: false }),
      );
    } finally {
      await this.close();
    }
  }

  /** Lets go of the file. The session writes into it, if at all, for nobody. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#session.endProfiling();
  }
}

async function onlyFileIn(folder: string): Promise<FileHandle | undefined> {
  const [name] = await readdir(folder);
  return name === undefined ? undefined : open(join(folder, name));
}

/** Calls `done` once after so many runs of a session. */
function afterRuns(session: InferenceSession, runs: number, done: () => void): void {
  const run = session.run.bind(session) as (...args: readonly unknown[]) => Promise<unknown>;
  let left = runs;
  const counted = async (...args: readonly unknown[]): Promise<unknown> => {
    const outputs = await run(...args);
    left -= 1;
    if (left === 0) {
      // From here on the session's own method is called again.
      Reflect.deleteProperty(session, 'run');
      done();
    }
    return outputs;
  };
  Object.defineProperty(session, 'run', { value: counted, configurable: true });
}
