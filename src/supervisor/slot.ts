import { join } from 'node:path';

import { Pool } from 'undici';

import type { ChildInit, FromChild } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { Backoff } from './backoff.js';
import { ChildHandle, exitText } from './child-handle.js';

/**
 * Life of a slot's process:
 *
 * ```
 * loading ──▶ ready ──▶ stopping ──▶ stopped
 *    │          │
 *    ▼          ▼
 * init_failed  crashed ──▶ loading …   (after a back-off)
 * ```
 */
export type SlotState = 'loading' | 'ready' | 'crashed' | 'init_failed' | 'stopping' | 'stopped';

/** The part of a logger that the supervisor's classes use. */
export interface SlotLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** What a slot is for. */
export interface SlotOptions {
  /** Name in logs and of the socket, for example `cpu-0` or `media`. */
  readonly name: string;
  readonly entry: URL;
  readonly environment: NodeJS.ProcessEnv;
  /** Folder for the data socket, readable by this user only. */
  readonly socketDir: string;
  readonly readyTimeoutMs: number;
  readonly init: (socketPath: string) => ChildInit;
  readonly log: SlotLog;
  /** The process is being started (again); what it served before is void. */
  readonly onStarting?: () => void;
  readonly onMessage?: (message: FromChild) => void;
  /** The process serves; `pool` reaches its data socket until `onDown`. */
  readonly onUp: (pool: Pool) => void;
  /** The process is gone or going; nothing more may be sent to it. */
  readonly onDown: () => void;
  /** The process could not start and is not expected soon. */
  readonly onFailed?: (error: ChorusError) => void;
}

/** A place for one child process, which is started again whenever it ends without being told to. */
export class Slot {
  state: SlotState = 'loading';
  #options: SlotOptions;
  #child: ChildHandle | undefined;
  #pool: Pool | undefined;
  #timer: NodeJS.Timeout | undefined;
  #backoff = new Backoff();
  #generation = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** Process id of the child, if one lives. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process; resolves when it is ready or has failed for the first time. */
  async start(): Promise<void> {
    const options = this.#options;
    this.#generation += 1;
    this.#setState('loading');
    options.onStarting?.();
    const startedAtMs = Date.now();
    const socketPath = join(options.socketDir, `${options.name}.${this.#generation}.sock`);
    const child = new ChildHandle({
      entry: options.entry,
      environment: options.environment,
      init: options.init(socketPath),
      readyTimeoutMs: options.readyTimeoutMs,
      onMessage: (message) => this.#receive(message),
    });
    this.#child = child;
    void child.exited.then(() => this.#ended(child, startedAtMs));
    try {
      await child.ready;
    } catch (caught) {
      this.#startFailed(ChorusError.withCode('internal', caught));
      return;
    }
    this.#pool = new Pool('http://child', {
      socketPath,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#setState('ready', { startMs: Date.now() - startedAtMs });
    options.onUp(this.#pool);
  }

  /** Ends the process for good: asks first, kills after `graceMs`. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    if (this.state === 'stopped') return;
    clearTimeout(this.#timer);
    this.#setState('stopping');
    await this.#child?.stop(graceMs);
    await this.#closePool();
    this.#setState('stopped');
  }

  /** Ends the process at once; it is started again as after a crash. */
  kill(): void {
    this.#child?.kill();
  }

  #receive(message: FromChild): void {
    if (message.type === 'log') {
      this.#options.log[message.level](
        { child: this.#options.name, ...message.fields },
        message.message,
      );
    } else this.#options.onMessage?.(message);
  }

  #startFailed(error: ChorusError): void {
    if (this.state === 'stopping' || error.code === 'replica_lost') return;
    this.#setState('init_failed', { reason: error.message });
    this.#options.onFailed?.(error);
  }

  async #ended(child: ChildHandle, startedAtMs: number): Promise<void> {
    await this.#closePool();
    if (this.state === 'stopping' || this.state === 'stopped') return;
    const failedToStart = this.state === 'init_failed';
    if (!failedToStart) this.#setState('crashed', { reason: exitText(await child.exited) });
    const delayMs = failedToStart
      ? this.#backoff.longestDelayMs()
      : this.#backoff.nextDelayMs(Date.now() - startedAtMs);
    this.#timer = setTimeout(() => void this.start(), delayMs);
  }

  /** Everything that the process still owed fails now, with a retryable error. */
  async #closePool(): Promise<void> {
    const pool = this.#pool;
    if (!pool) return;
    this.#pool = undefined;
    this.#options.onDown();
    await pool.destroy(new ChorusError('replica_lost', 'The process has ended.'));
  }

  #setState(state: SlotState, fields: object = {}): void {
    this.state = state;
    const level = state === 'crashed' || state === 'init_failed' ? 'error' : 'info';
    const pid = this.#child?.pid;
    this.#options.log[level](
      { child: this.#options.name, pid, ...fields },
      `${this.#options.name} is ${state}`,
    );
  }
}
