import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { ChildInit, FromChild, ToChild } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why there was no process, if there was none. */
  readonly error?: string;
}

/** How to start a child process. */
export interface ChildOptions {
  /** Compiled module that the child runs. */
  readonly entry: URL;
  /** Words before the command; see `parent-death.ts`. */
  readonly launcher: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly init: ChildInit;
  /** How long the child may take until it reports `ready`. */
  readonly readyTimeoutMs: number;
  /** The child runs our code and has been told what to load. */
  readonly onOnline?: () => void;
  /** Every message but those of the handshake. */
  readonly onMessage: (message: FromChild) => void;
}

/**
 * One child process from fork to exit. Its handshake is raced against exit and time-out; whichever
 * way it fails, the process is killed before the failure is reported.
 */
export class ChildHandle {
  /** Resolves when the child serves; rejects with why it never will. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<ChildExit>;
  /** Whether it was this handle that ended the process. */
  wasKilled = false;
  readonly #process: ChildProcess | undefined;
  #stopping: Promise<ChildExit> | undefined;
  #isReady = false;

  constructor(options: ChildOptions) {
    const child = forkChild(options);
    this.#process = child instanceof Error ? undefined : child;
    this.exited = child instanceof Error ? Promise.resolve(noProcess(child)) : exitOf(child);
    this.ready = this.#handshake(options);
    // Whoever starts a child may look at `ready` a moment later; that is no unhandled rejection.
    this.ready.catch(() => {});
  }

  /** Process id; undefined if the process could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Asks the child to finish what runs and kills it if it has not ended in time. Idempotent. */
  stop(graceMs: number): Promise<ChildExit> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Ends the process at once. */
  kill(): void {
    if (this.#process?.pid === undefined) return;
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.wasKilled = true;
    this.#process.kill('SIGKILL');
  }

  /** Ends the process unless it has ended by then. */
  killAfter(graceMs: number): void {
    const timer = setTimeout(() => this.kill(), graceMs);
    void this.exited.then(() => clearTimeout(timer));
  }

  /** Does not keep this program alive for the child any more, whatever becomes of it. */
  letGo(): void {
    this.#process?.unref();
    this.#process?.channel?.unref();
  }

  /** Says something to the child; what a dead one does not hear is lost. */
  send(message: ToChild): void {
    if (this.#process?.connected === true) this.#process.send(message, () => {});
  }

  async #stop(graceMs: number): Promise<ChildExit> {
    // A child that still loads has nothing to finish, and native code to be torn out of.
    if (this.#isReady) this.send({ type: 'stop' });
    else this.kill();
    this.killAfter(graceMs);
    return this.exited;
  }

  #handshake(options: ChildOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: ChorusError): void => {
        clearTimeout(timer);
        this.kill();
        reject(error);
      };
      const timer = setTimeout(() => {
        const seconds = options.readyTimeoutMs / 1000;
        fail(new ChorusError('deadline_exceeded', `The process was not ready after ${seconds} s.`));
      }, options.readyTimeoutMs);
      this.#process?.on('message', (message: FromChild) => {
        if (message.type === 'online') {
          this.send({ type: 'init', init: options.init });
          options.onOnline?.();
        } else if (message.type === 'init_failed') fail(ChorusError.fromWire(message.error));
        else if (message.type === 'ready') {
          clearTimeout(timer);
          this.#isReady = true;
          resolve();
        } else options.onMessage(message);
      });
      void this.exited.then((exit) => fail(new ChorusError('replica_lost', exitText(exit))));
    });
  }
}

/** Starts the process. Some refusals of the kernel (no memory) are thrown, others are an event. */
function forkChild({ entry, environment, launcher }: ChildOptions): ChildProcess | Error {
  const [execPath, ...execArgv] = [...launcher, process.execPath];
  try {
    return fork(fileURLToPath(entry), {
      serialization: 'advanced',
      env: environment,
      ...(execPath !== undefined && { execPath }),
      // The supervisor's own V8 flags are for a process that passes bytes on, not for these.
      execArgv,
      // The child's own prints (native libraries, warnings) belong to the server's error stream.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
  } catch (caught) {
    return caught instanceof Error ? caught : new Error(String(caught));
  }
}

function exitOf(child: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(noProcess(error));
    });
  });
}

function noProcess({ message }: Error): ChildExit {
  return { code: null, signal: null, error: message };
}

/** Says in words how a process ended. */
export function exitText(exit: ChildExit): string {
  if (exit.signal) return `The process was ended by ${exit.signal}.`;
  return exit.code === null
    ? `The process could not start: ${exit.error}.`
    : `The process ended with ${exit.code}.`;
}
