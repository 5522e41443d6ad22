import { parentPort, workerData } from 'node:worker_threads';

import { databaseError, reasonOf } from './failures.js';
import type { DatabaseThreadData, FromDatabase, OpenFailure, ToDatabase } from './messages.js';
import { type Connection, type Driver, inTransaction, openFile } from './open-file.js';
import type { SqlResult, SqlRow, SqlStatement, SqlValue } from './sql.js';

const data = workerData as DatabaseThreadData;

/** The driver, or why there is none: its native part is an optional dependency for each platform. */
async function loadDriver(): Promise<Driver | OpenFailure> {
  try {
    return (await import('libsql')).default;
  } catch (caught) {
    const platform = `${process.platform} on ${process.arch}`;
    const message =
      `The database driver (npm package libsql) has no native part for this platform, ${platform}, ` +
      `or it was not installed: ${firstLine(caught)} Run \`npm ci\` without --omit=optional, on ` +
      'Linux, macOS or Windows with x64 or arm64.';
    return { kind: 'unsupported', message };
  }
}

function firstLine(caught: unknown): string {
  const [line = ''] = (caught instanceof Error ? caught.message : String(caught)).split('\n');
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function post(message: FromDatabase): void {
  parentPort?.postMessage(message);
}

function execute(connection: Connection, { sql, params = [] }: SqlStatement): SqlResult {
  const statement = connection.prepare(sql);
  if (!statement.reader) return { changes: statement.run([...params]).changes, rows: [] };
  const rows = (statement.all([...params]) as Record<string, unknown>[]).map(plainRow);
  return { changes: rows.length, rows };
}

/** The driver hands out bytes as an ArrayBuffer. */
function plainRow(row: Record<string, unknown>): SqlRow {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof ArrayBuffer ? new Uint8Array(value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, SqlValue>;
}

function run(connection: Connection, statements: readonly SqlStatement[]): readonly SqlResult[] {
  const all = (): SqlResult[] => statements.map((statement) => execute(connection, statement));
  return statements.length === 1 ? all() : inTransaction(connection, all);
}

function answer(connection: Connection, message: ToDatabase): void {
  if (message.type === 'close') return close(connection);
  const { id } = message;
  try {
    post({ type: 'done', id, results: run(connection, message.statements) });
  } catch (caught) {
    post({ type: 'failed', id, error: databaseError(caught).toWire(), reason: reasonOf(caught) });
  }
}

/** Leaves one file behind: what the journal holds goes into it. */
function close(connection: Connection): void {
  try {
    connection.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // The next start reads the journal.
  }
  connection.close();
  parentPort?.close();
}

function open(driver: Driver): void {
  try {
    const { connection, file } = openFile(driver, data);
    parentPort?.on('message', (message: ToDatabase) => answer(connection, message));
    post({ type: 'opened', file });
  } catch (caught) {
    const message = `The database ${data.path} cannot be used: ${firstLine(caught)}`;
    post({ type: 'open_failed', failure: { kind: 'unusable', message } });
  }
}

const driver = await loadDriver();
if ('kind' in driver) post({ type: 'open_failed', failure: driver });
else open(driver);
