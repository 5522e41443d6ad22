import { ChorusError, type ErrorCode } from '../protocol/errors.js';

/** SQLite's primary result codes, https://sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** An extended code carries the primary one in its low byte. */
const PRIMARY_MASK = 0xff;

/** What can go wrong in a way that a caller can do something about; the rest is `internal`. */
const BY_PRIMARY_CODE = new Map<number, readonly [ErrorCode, string]>([
  [SQLITE_FULL, ['storage_full', 'The disk is full; nothing was stored.']],
  [SQLITE_BUSY, ['unavailable', 'The database is busy.']],
  [SQLITE_LOCKED, ['unavailable', 'The database is busy.']],
]);
const BY_EXTENDED_CODE = new Map<string, readonly [ErrorCode, string]>([
  ['SQLITE_CONSTRAINT_UNIQUE', ['conflict', 'What shall be stored is there already.']],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', ['conflict', 'What shall be stored is there already.']],
  // Under the name of a write that failed a full disk hides too.
  ['SQLITE_IOERR_SHMSIZE', ['storage_full', 'The disk is full; nothing was stored.']],
]);

/** The error of the table that a failure of the driver means; its own words stay out of it. */
export function databaseError(caught: unknown): ChorusError {
  const { code, rawCode } = codesOf(caught);
  const known = BY_EXTENDED_CODE.get(code) ?? BY_PRIMARY_CODE.get(rawCode & PRIMARY_MASK);
  return new ChorusError(...(known ?? (['internal', 'The database failed.'] as const)));
}

/** Whether the file itself is no database, or a broken one. */
export function isDamage(caught: unknown): boolean {
  const primary = codesOf(caught).rawCode & PRIMARY_MASK;
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

/** For the log: SQLite names tables and columns in its messages, never the values. */
export function reasonOf(caught: unknown): string {
  if (!(caught instanceof Error)) return String(caught);
  const { code } = codesOf(caught);
  return code === '' ? caught.message : `${code}: ${caught.message}`;
}

function codesOf(caught: unknown): { readonly code: string; readonly rawCode: number } {
  if (!(caught instanceof Error)) return { code: '', rawCode: 0 };
  const code = 'code' in caught && typeof caught.code === 'string' ? caught.code : '';
  const rawCode = 'rawCode' in caught && typeof caught.rawCode === 'number' ? caught.rawCode : 0;
  return { code, rawCode };
}
