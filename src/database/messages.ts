import type { WireError } from '../protocol/errors.js';
import type { SqlResult, SqlStatement } from './sql.js';

/** What the database's thread is started with. */
export interface DatabaseThreadData {
  readonly path: string;
  readonly migrations: readonly string[];
}

/** To the thread: statements that belong together, or the end. */
export type ToDatabase =
  | { readonly type: 'run'; readonly id: number; readonly statements: readonly SqlStatement[] }
  | { readonly type: 'close' };

/** What was found at the path when the database was opened. */
export interface OpenedFile {
  /** Whether there was nothing, or nothing that could be used. */
  readonly isNew: boolean;
  /** Where a damaged file lies now. */
  readonly movedAsideTo?: string;
}

/** Why it was not opened: the platform lacks the driver, or the file cannot be used. */
export interface OpenFailure {
  readonly kind: 'unsupported' | 'unusable';
  /** For the operator. */
  readonly message: string;
}

/** From the thread: first how opening went, then one answer to each `run`. */
export type FromDatabase =
  | { readonly type: 'opened'; readonly file: OpenedFile }
  | { readonly type: 'open_failed'; readonly failure: OpenFailure }
  | { readonly type: 'done'; readonly id: number; readonly results: readonly SqlResult[] }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly error: WireError;
      /** The driver's own words, for the log. */
      readonly reason: string;
    };
