import { createHash, randomBytes } from 'node:crypto';
import type { SqlRow, SqlValue } from '../database/sql.js';
import { ChorusError, type WireError } from '../protocol/errors.js';
import { estimatedBytes } from './audio-estimate.js';
import {
  AUDIO_KEY_BYTES,
  type Job,
  type JobOutcome,
  type JobSentence,
  type NewJob,
} from './job.js';
import { jobOf } from './job-row.js';

const HOUR_MS = 3_600_000;
/** Jobs that may wait: at a minute each, half a day of work. */
const MAX_WAITING = 1000;
/** When a client shall ask again whose job was refused. */
const RETRY_AFTER_MS = 30_000;

/** The part of a database that jobs need. */
export interface JobDatabase {
  run(sql: string, params?: readonly SqlValue[]): Promise<{ readonly changes: number }>;
  all(sql: string, params?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** Bounds of what is kept. */
export interface JobBounds {
  /** How long a job is kept after its end. */
  readonly retentionHours: number;
  /** Audio of all jobs together, that of jobs to come included. */
  readonly maxBytes: number;
  /** Jobs that wait or run; 1000 if absent. */
  readonly maxWaiting?: number;
}

/** What a job that is done has made. */
export interface JobResult {
  readonly bytes: number;
  readonly sentences: readonly JobSentence[] | undefined;
}

/** Jobs in the database; each change is on the disk when its call resolves. */
export class JobStore {
  readonly #database: JobDatabase;
  readonly #bounds: JobBounds;

  constructor(database: JobDatabase, bounds: JobBounds) {
    this.#database = database;
    this.#bounds = bounds;
  }

  /**
   * Stores a new job and reserves room for its audio.
   * @throws ChorusError `queue_full` or `storage_full`; nothing is stored then.
   */
  async add(job: NewJob, nowMs = Date.now()): Promise<void> {
    const { id, client, notifyUrl, ...request } = job;
    const { maxBytes, maxWaiting = MAX_WAITING } = this.#bounds;
    const bytes = estimatedBytes(job);
    const key = randomBytes(AUDIO_KEY_BYTES).toString('base64url');
    const { changes } = await this.#database.run(
      `INSERT INTO jobs (id, state, client, request, bytes, tries, run_at_ms, created_at_ms,
         audio_key, audio_digest, notify_url, notify_tries)
       SELECT ?, 'queued', ?, ?, ?, 0, ?, ?, ?, ?, ?, 0
       WHERE (SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')) < ?
         AND (SELECT COALESCE(SUM(bytes), 0) FROM jobs) + ? <= ?`,
      [
        ...[id, client, JSON.stringify(request), bytes, nowMs, nowMs],
        ...[key, digestOf(key), notifyUrl ?? null],
        ...[maxWaiting, bytes, maxBytes],
      ],
    );
    if (changes === 0) throw await this.#refusal(maxWaiting);
  }

  /** Finds a job by its id. */
  async find(id: string): Promise<Job | undefined> {
    return firstOf(await this.#database.all('SELECT * FROM jobs WHERE id = ?', [id]));
  }

  /**
   * Finds a job that is done and not forgotten yet by the key of its audio. The database looks for a
   * digest: how long that takes tells nothing of the keys that there are.
   */
  async findAudio(key: string, nowMs = Date.now()): Promise<Job | undefined> {
    const rows = await this.#database.all(
      "SELECT * FROM jobs WHERE audio_digest = ? AND state = 'done' AND expires_at_ms > ?",
      [digestOf(key), nowMs],
    );
    return firstOf(rows);
  }

  /** The oldest job of each client that is due. */
  async due(nowMs = Date.now()): Promise<readonly Pick<Job, 'id' | 'client'>[]> {
    const rows = await this.#database.all(
      `SELECT id, client, MIN(created_at_ms) FROM jobs
       WHERE state = 'queued' AND run_at_ms <= ? GROUP BY client ORDER BY MIN(created_at_ms)`,
      [nowMs],
    );
    return rows.map(({ id, client }) => ({ id: String(id), client: String(client) }));
  }

  /** When the next job that waits for another try is due. */
  async nextDueAtMs(): Promise<number | undefined> {
    return this.#least("SELECT MIN(run_at_ms) AS at FROM jobs WHERE state = 'queued'");
  }

  /** Begins a job: one more try. @returns Undefined if it does not wait any more. */
  async begin(id: string): Promise<Job | undefined> {
    const rows = await this.#database.all(
      "UPDATE jobs SET state = 'running', tries = tries + 1 WHERE id = ? AND state = 'queued' RETURNING *",
      [id],
    );
    return firstOf(rows);
  }

  /** Its audio is there. */
  async finish(id: string, { bytes, sentences }: JobResult, nowMs = Date.now()): Promise<void> {
    await this.#end(id, { state: 'done', bytes, outcome: { sentences } }, nowMs);
  }

  /** It is given up. */
  async fail(id: string, error: WireError, nowMs = Date.now()): Promise<void> {
    await this.#end(id, { state: 'failed', bytes: 0, outcome: { error } }, nowMs);
  }

  /**
   * Lets a job that runs wait again.
   * @param counts Whether the try that has ended counts.
   */
  async putBack(id: string, runAtMs: number, counts: boolean): Promise<void> {
    await this.#database.run(
      "UPDATE jobs SET state = 'queued', run_at_ms = ?, tries = tries - ? WHERE id = ? AND state = 'running'",
      [runAtMs, counts ? 0 : 1, id],
    );
  }

  /** Lets all jobs wait again that run according to the database, but not in truth. */
  async putBackLost(running: ReadonlySet<string>): Promise<void> {
    const rows = await this.#database.all("SELECT id FROM jobs WHERE state = 'running'");
    for (const { id } of rows) {
      if (!running.has(String(id))) await this.putBack(String(id), Date.now(), true);
    }
  }

  /**
   * Takes a job whose end is to be told; it comes again after `leaseMs` unless something else is
   * said of it before.
   */
  async takeNotice(leaseMs: number, nowMs = Date.now()): Promise<Job | undefined> {
    const rows = await this.#database.all(
      `UPDATE jobs SET notify_tries = notify_tries + 1, notify_at_ms = ?
       WHERE id = (SELECT id FROM jobs WHERE notify_at_ms <= ? ORDER BY notify_at_ms LIMIT 1)
       RETURNING *`,
      [nowMs + leaseMs, nowMs],
    );
    return firstOf(rows);
  }

  /** When the next end is to be told. */
  async nextNoticeAtMs(): Promise<number | undefined> {
    return this.#least('SELECT MIN(notify_at_ms) AS at FROM jobs');
  }

  /** Tells when to try again; undefined = it was told, or is given up. */
  async settleNotice(id: string, againAtMs: number | undefined): Promise<void> {
    await this.#database.run('UPDATE jobs SET notify_at_ms = ? WHERE id = ?', [
      againAtMs ?? null,
      id,
    ]);
  }

  /** Forgets the jobs whose time is over. @returns Their ids: their files are to be removed. */
  async forget(nowMs = Date.now()): Promise<readonly string[]> {
    const rows = await this.#database.all(
      'DELETE FROM jobs WHERE expires_at_ms <= ? RETURNING id',
      [nowMs],
    );
    return rows.map(({ id }) => String(id));
  }

  /** Jobs whose audio is kept. */
  async idsWithAudio(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.all("SELECT id FROM jobs WHERE state = 'done'");
    return new Set(rows.map(({ id }) => String(id)));
  }

  async #end(
    id: string,
    to: { readonly state: 'done' | 'failed'; readonly bytes: number; readonly outcome: JobOutcome },
    nowMs: number,
  ): Promise<void> {
    await this.#database.run(
      `UPDATE jobs SET state = ?, bytes = ?, outcome = ?, expires_at_ms = ?,
         notify_at_ms = CASE WHEN notify_url IS NULL THEN NULL ELSE ? END
       WHERE id = ? AND state = 'running'`,
      [
        ...[to.state, to.bytes, JSON.stringify(to.outcome)],
        ...[nowMs + this.#bounds.retentionHours * HOUR_MS, nowMs, id],
      ],
    );
  }

  async #least(sql: string): Promise<number | undefined> {
    const [row] = await this.#database.all(sql);
    return typeof row?.['at'] === 'number' ? row['at'] : undefined;
  }

  async #refusal(maxWaiting: number): Promise<ChorusError> {
    const [row] = await this.#database.all(
      "SELECT COUNT(*) AS waiting FROM jobs WHERE state IN ('queued', 'running')",
    );
    const details = { retryAfterMs: RETRY_AFTER_MS };
    if (Number(row?.['waiting']) >= maxWaiting) {
      const message = `${maxWaiting} jobs wait already; try again later.`;
      return new ChorusError('queue_full', message, details);
    }
    const message = 'The audio of earlier jobs fills the room that there is; try again later.';
    return new ChorusError('storage_full', message, details);
  }
}

function firstOf(rows: readonly SqlRow[]): Job | undefined {
  const [row] = rows;
  return row && jobOf(row);
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
