import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Pool } from 'undici';

import { ChorusError } from '../protocol/errors.js';
import { ChildHandle, type ChildExit, type ChildOptions } from './child-handle.js';

/** Paths that belong to one process of a slot. */
export interface IncarnationPaths {
  readonly socketPath: string;
  readonly journalPath: string;
}

/** Makes the paths of a slot's n-th process. */
export function incarnationPaths(socketDir: string, name: string): IncarnationPaths {
  return {
    socketPath: join(socketDir, `${name}.sock`),
    journalPath: join(socketDir, `${name}.running`),
  };
}

/** One process of a slot, with everything that exists because of it. */
export class Incarnation {
  /** Unique for the life of the supervisor, for example `cpu-0.3`. */
  readonly name: string;
  readonly child: ChildHandle;
  readonly pool: Pool;
  readonly startedAt = performance.now();
  /** Resolves once it is dead, with the calls whose steps ran then and may have been its death. */
  readonly runningAtDeath: Promise<ReadonlySet<string>>;
  readyAt: number | undefined;
  readonly #paths: IncarnationPaths;
  #isToStop = false;

  constructor(name: string, paths: IncarnationPaths, options: ChildOptions) {
    this.name = name;
    this.#paths = paths;
    this.child = new ChildHandle(options);
    // Connects with the first request, and that comes only after `ready`.
    this.pool = new Pool('http://child', {
      socketPath: paths.socketPath,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.runningAtDeath = this.child.exited.then(() => this.#readJournal());
  }

  /** How long it has been ready. */
  get readyForMs(): number {
    return this.readyAt === undefined ? 0 : performance.now() - this.readyAt;
  }

  /** Asks it to end; see {@link ChildHandle.stop}. What it computes for is not to blame then. */
  stop(graceMs: number): Promise<ChildExit> {
    this.#isToStop = true;
    return this.child.stop(graceMs);
  }

  /** Waits for the end and gives back what the process leaves. */
  async buried(): Promise<void> {
    await this.runningAtDeath;
    await this.cutOff();
    // What cannot be removed stays: a few bytes are no reason not to start the next one.
    await Promise.allSettled(
      Object.values(this.#paths).map((path: string) => rm(path, { force: true })),
    );
  }

  /** Everything that the process still owes fails now, with a retryable error. Idempotent. */
  async cutOff(): Promise<void> {
    if (this.pool.destroyed) return;
    await this.pool.destroy(new ChorusError('replica_lost', 'The process has ended.'));
  }

  async #readJournal(): Promise<ReadonlySet<string>> {
    if (this.#isToStop && this.child.wasKilled) return new Set();
    const text = await readFile(this.#paths.journalPath, 'utf8').catch(() => '');
    const [line = ''] = text.split('\n');
    return new Set(line.split(' ').filter((call) => call !== ''));
  }
}
