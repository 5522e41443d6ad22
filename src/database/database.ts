import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { SettingsError } from '../config/settings-error.js';
import { ChorusError } from '../protocol/errors.js';
import type { Logger } from '../telemetry/log.js';
import type {
  DatabaseThreadData,
  FromDatabase,
  OpenedFile,
  OpenFailure,
  ToDatabase,
} from './messages.js';
import {
  checkParams,
  type SqlResult,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from './sql.js';

/** What a database is opened with. */
export interface DatabaseOptions {
  /** Its file; the folder is there. */
  readonly path: string;
  /** SQL scripts that make its tables, oldest first. */
  readonly migrations: readonly string[];
  /** Hears of a damaged file, and of what the driver says when a statement fails. */
  readonly log?: Logger | undefined;
}

interface Waiting {
  resolve(results: readonly SqlResult[]): void;
  reject(error: ChorusError): void;
}

/**
 * The server's SQLite database, in a thread of its own, because its driver is synchronous. Calls
 * run one after the other in the order in which they were made. Whatever resolves is on the disk.
 * All methods throw ChorusError: `storage_full`, `conflict` (a key that must be unique is there
 * already), `unavailable` (another program holds the file, or the database is closed), `internal`.
 */
export class Database {
  /** Whether there was no database at the path, or only one that was damaged. */
  readonly isNew: boolean;
  /** Where the damaged file lies now, if there was one. */
  readonly movedAsideTo: string | undefined;
  readonly #thread: Worker;
  readonly #log: Logger | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #ended: ChorusError | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Opens the database, makes it if need be, and brings its tables to their newest form. A damaged
   * file is moved aside and the server begins with an empty one.
   * @throws SettingsError if the file cannot be used or is of a newer version of this program,
   * ChorusError `not_implemented` if the driver has no native part for this platform.
   */
  static async open({ path, migrations, log }: DatabaseOptions): Promise<Database> {
    const thread = new Worker(new URL('./database-thread.js', import.meta.url), {
      workerData: { path, migrations } satisfies DatabaseThreadData,
      name: 'database',
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const [first] = (await once(thread, 'message')) as [FromDatabase];
    if (first.type === 'opened') return new Database(thread, log, first.file);
    await thread.terminate();
    if (first.type === 'open_failed') throw openError(first.failure);
    throw new ChorusError('internal', `Unexpected first message ${first.type} of the database.`);
  }

  private constructor(
    thread: Worker,
    log: Logger | undefined,
    { isNew, movedAsideTo }: OpenedFile,
  ) {
    this.#thread = thread;
    this.#log = log;
    this.isNew = isNew;
    this.movedAsideTo = movedAsideTo;
    if (movedAsideTo !== undefined) {
      const text = 'THE DATABASE WAS DAMAGED: it was moved aside, and the server begins without it';
      log?.error({ movedAsideTo }, text);
    }
    thread.on('message', (message: FromDatabase) => this.#settle(message));
    thread.on('error', (err) => this.#end(err));
    thread.on('exit', () => this.#end());
    // An idle database keeps no process alive that forgot to close it.
    thread.unref();
  }

  /** Runs one statement that changes something. @returns How many rows it changed. */
  async run(sql: string, params: readonly SqlValue[] = []): Promise<{ readonly changes: number }> {
    const [result] = await this.transaction([{ sql, params }]);
    return { changes: result?.changes ?? 0 };
  }

  /** Runs one statement that returns rows. */
  async all(sql: string, params: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    const [result] = await this.transaction([{ sql, params }]);
    return result?.rows ?? [];
  }

  /** Runs statements together: all of them take effect, or none. @returns One result for each. */
  async transaction(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]> {
    for (const { params = [] } of statements) checkParams(params);
    if (this.#ended || this.#closing) throw this.#ended ?? closed();
    return new Promise((resolve, reject) => {
      this.#nextId += 1;
      this.#waiting.set(this.#nextId, { resolve, reject });
      this.#thread.ref();
      this.#post({ type: 'run', id: this.#nextId, statements });
    });
  }

  /** Finishes what was asked for, and closes the file. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended) return;
    this.#thread.ref();
    const exited = once(this.#thread, 'exit');
    this.#post({ type: 'close' });
    await exited;
  }

  #post(message: ToDatabase): void {
    this.#thread.postMessage(message);
  }

  #settle(message: FromDatabase): void {
    if (message.type !== 'done' && message.type !== 'failed') return;
    const asker = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0 && !this.#closing) this.#thread.unref();
    if (message.type === 'done') return asker?.resolve(message.results);
    const error = ChorusError.fromWire(message.error);
    if (error.code !== 'conflict') this.#log?.error({ reason: message.reason }, error.message);
    asker?.reject(error);
  }

  #end(err?: unknown): void {
    if (this.#ended) return;
    this.#ended = closed(err);
    if (!this.#closing) this.#log?.error({ err }, 'the database has stopped');
    for (const asker of this.#waiting.values()) asker.reject(this.#ended);
    this.#waiting.clear();
  }
}

function closed(cause?: unknown): ChorusError {
  return new ChorusError('unavailable', 'The database is closed.', {}, { cause });
}

function openError({ kind, message }: OpenFailure): Error {
  if (kind === 'unsupported') return new ChorusError('not_implemented', message);
  return new SettingsError([message]);
}
