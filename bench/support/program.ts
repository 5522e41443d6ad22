import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { note } from './report.js';

const KEPT_ERROR_LINES = 30;
const GRACE_MS = 15_000;

/** How a program is started. */
export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Cores it may use, in taskset's grammar; undefined = all. */
  readonly cpus?: string | undefined;
  /** Told each line of its standard error. */
  readonly onErrorLine?: ((line: string) => void) | undefined;
}

/** How a program ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** All groups that are alive, for the last moment of this process. */
const groups = new Set<number>();

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (caught) {
    // ESRCH: the group has ended by itself.
    if (!(caught instanceof Error && 'code' in caught && caught.code === 'ESRCH')) throw caught;
  }
}

/** Makes sure that no measured program outlives this process, however it ends. */
export function endProgramsAtExit(): void {
  process.on('exit', () => {
    for (const pid of groups) killGroup(pid, 'SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(1));
  }
}

/** A measured program in a process group of its own, so that nothing of it is left behind. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #errors: string[] = [];

  constructor(options: ProgramOptions) {
    const { cpus, command, args } = options;
    const line =
      cpus === undefined ? [command, ...args] : ['taskset', '-c', cpus, command, ...args];
    this.#name = options.name;
    this.#child = spawn(line[0] ?? command, line.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'exit').catch((error: Error) =>
      this.#errors.push(error.message),
    );
    // What it owes is told by `ended`; a broken pipe at its end is no news.
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stderr) {
      createInterface({ input: this.#child.stderr }).on('line', (errorLine) => {
        this.#keep(errorLine);
        options.onErrorLine?.(errorLine);
      });
    }
    if (this.#child.pid !== undefined) groups.add(this.#child.pid);
  }

  /** Process id of the program, or of the taskset that became it. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} could not be started.`);
    return this.#child.pid;
  }

  get stdin(): Writable {
    if (this.#child.stdin === null) throw new Error(`${this.#name} has no standard input.`);
    return this.#child.stdin;
  }

  get stdout(): Readable {
    if (this.#child.stdout === null) throw new Error(`${this.#name} has no standard output.`);
    return this.#child.stdout;
  }

  /** Rejects when the program ends, with the last lines of its standard error. */
  async ended(): Promise<never> {
    await this.#exited;
    const { exitCode, signalCode } = this.#child;
    throw new Error(`${this.#name} ended (${signalCode ?? exitCode}).\n${this.#errors.join('\n')}`);
  }

  /** Resolves when the program itself has ended; what it started may live on. */
  async exited(): Promise<ProgramExit> {
    await this.#exited;
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  /** Sends a signal to the program alone and not to what it started. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the program and all it started: first asked, then killed. */
  async stop(): Promise<void> {
    if (this.#child.pid === undefined) return;
    killGroup(this.#child.pid, 'SIGTERM');
    const late = new AbortController();
    const grace = delay(GRACE_MS, 'late', { signal: late.signal }).catch(() => 'ended');
    if ((await Promise.race([this.#exited, grace])) === 'late') {
      note(`${this.#name} did not end within ${GRACE_MS} ms and was killed.`);
    }
    late.abort();
    killGroup(this.#child.pid, 'SIGKILL');
    await this.#exited;
    groups.delete(this.#child.pid);
  }

  #keep(line: string): void {
    if (line.trim() !== '') this.#errors.push(line);
    this.#errors.splice(0, this.#errors.length - KEPT_ERROR_LINES);
  }
}
