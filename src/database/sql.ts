/** What a column holds, and what may be bound to a `?`. Integers are exact up to 2^53 - 1. */
export type SqlValue = string | number | null | Uint8Array;

/** One row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One statement with the values of its `?`, in their order. */
export interface SqlStatement {
  readonly sql: string;
  readonly params?: readonly SqlValue[];
}

/** What a statement did. */
export interface SqlResult {
  /** Rows it changed; of a statement that returns rows, how many it returned. */
  readonly changes: number;
  /** Rows it returned, in their order. */
  readonly rows: readonly SqlRow[];
}

/**
 * Refuses what the driver would not survive or would alter silently: it ends the whole process on a
 * boolean, reads a text only up to its first NUL, and stores what is no number as NULL.
 * @throws TypeError that names the place, never the value.
 */
export function checkParams(params: readonly unknown[]): void {
  for (const [index, value] of params.entries()) {
    if (!isStorable(value)) throw new TypeError(`SQL parameter ${index + 1} cannot be stored.`);
  }
}

function isStorable(value: unknown): value is SqlValue {
  if (typeof value === 'string') return !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || value instanceof Uint8Array;
}
