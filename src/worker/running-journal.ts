import { openSync, writeSync } from 'node:fs';

/**
 * Notes on disk which calls have a step running now, so that the supervisor knows whom to suspect
 * when this process dies of one: what is written outlives the process, and costs the supervisor
 * nothing while all is well. One line, always written from the file's beginning in one call.
 */
export class RunningJournal {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o600);
  }

  /** Replaces the line. Some microseconds: the file lies in the page cache. */
  write(calls: readonly string[]): void {
    try {
      writeSync(this.#fd, `${calls.join(' ')}\n`, 0);
    } catch {
      // A full disk: a suspicion less, but no reason not to compute.
    }
  }
}
