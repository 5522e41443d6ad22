import { closeSync, existsSync, openSync, renameSync } from 'node:fs';

import type Libsql from 'libsql';

import { isDamage } from './failures.js';
import type { OpenedFile } from './messages.js';

/** The open database of the driver. */
export type Connection = Libsql.Database;

/** The driver's constructor; it is loaded late, because a platform may lack it. */
export type Driver = typeof Libsql;

/** How long a statement waits for another program that looks into the file. */
const BUSY_TIMEOUT_MS = 5_000;
/** A database in WAL mode is these files; the journal's own stand beside it. */
const FILE_SUFFIXES = ['', '-wal', '-shm'];

/** A file that is there but belongs to no version of this program that this one knows. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
}

/** A database as it was opened. */
export interface OpenedDatabase {
  readonly connection: Connection;
  readonly file: OpenedFile;
}

/**
 * Opens the file, moves a damaged one aside and begins anew, and brings the tables to their newest
 * form. Synchronous: call it in the database's thread only.
 * @param migrations SQL scripts in their order; the file's `user_version` counts those it has had.
 * @throws NewerDatabase if it has had more of them; the driver's error if it cannot be opened.
 */
export function openFile(
  driver: Driver,
  { path, migrations }: { readonly path: string; readonly migrations: readonly string[] },
): OpenedDatabase {
  const { connection, movedAsideTo } = openSound(driver, path);
  const version = numberOf(connection.pragma('user_version'));
  const isNew = version === 0;
  try {
    migrate(connection, migrations, version);
  } catch (caught) {
    connection.close();
    throw caught;
  }
  return { connection, file: { isNew, ...(movedAsideTo && { movedAsideTo }) } };
}

interface Sound {
  readonly connection: Connection;
  readonly movedAsideTo?: string;
}

function openSound(driver: Driver, path: string): Sound {
  try {
    return { connection: openChecked(driver, path) };
  } catch (caught) {
    if (!isDamage(caught)) throw caught;
  }
  const movedAsideTo = moveAside(path);
  return { connection: openChecked(driver, path), movedAsideTo };
}

/** Opens the file and reads all of it once, so that damage shows at the start and not at a request. */
function openChecked(driver: Driver, path: string): Connection {
  // Made here, because the driver would let everybody read it.
  closeSync(openSync(path, 'a', 0o600));
  const connection = new driver(path);
  try {
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.pragma('journal_mode = WAL');
    // An answer that says "stored" is true after a power cut too.
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    const [verdict] = connection.pragma('quick_check(1)') as { quick_check: string }[];
    if (verdict?.quick_check !== 'ok') throw new DamagedFile(verdict?.quick_check);
    return connection;
  } catch (caught) {
    connection.close();
    throw caught;
  }
}

/** The check found what no statement stumbled over yet; it counts as SQLITE_CORRUPT. */
class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
  readonly rawCode = 11;
}

function moveAside(path: string): string {
  const target = `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  for (const suffix of FILE_SUFFIXES) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  return target;
}

function migrate(connection: Connection, migrations: readonly string[], version: number): void {
  if (version > migrations.length) {
    throw new NewerDatabase(
      `it was written by a newer version of this program (its form is ${version}, this one knows ` +
        `${migrations.length})`,
    );
  }
  for (const [index, script] of migrations.entries()) {
    if (index < version) continue;
    inTransaction(connection, () => {
      connection.exec(script);
      connection.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/** Runs all of it or nothing. */
export function inTransaction<Result>(connection: Connection, run: () => Result): Result {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    connection.exec('COMMIT');
    return result;
  } catch (caught) {
    // A full disk makes SQLite roll back by itself.
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw caught;
  }
}

function numberOf(rows: unknown): number {
  const [row] = rows as Record<string, number>[];
  return Object.values(row ?? {})[0] ?? 0;
}
