import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/database/database.js';
import { MIGRATIONS } from '../../src/database/migrations.js';
import { type JobBounds, JobStore } from '../../src/jobs/job-store.js';
import type { NewJob } from '../../src/jobs/job.js';

/** A job's id of which every digit is the same. */
export function idOf(digit: string): string {
  return digit.repeat(32);
}

/** A job that is in order. */
export function newJob(digit: string, fields: Partial<NewJob> = {}): NewJob {
  return {
    id: idOf(digit),
    client: 'somebody',
    request: { model: 'voice-model', voice: 'joe', text: 'Hello.', speed: 1 },
    format: 'wav',
    sampleRateHz: 16_000,
    wantsSentences: true,
    origin: 'http://127.0.0.1:8000',
    notifyUrl: undefined,
    ...fields,
  };
}

/** Jobs in a database of their own. */
export interface StoredJobs {
  readonly dir: string;
  readonly database: Database;
  readonly store: JobStore;
  close(): Promise<void>;
}

/** Opens a database in a folder of its own. */
export async function openJobs(bounds: Partial<JobBounds> = {}): Promise<StoredJobs> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-jobs-'));
  const database = await Database.open({ path: join(dir, 'chorus.db'), migrations: MIGRATIONS });
  const store = new JobStore(database, { retentionHours: 1, maxBytes: 10 ** 9, ...bounds });
  const close = async (): Promise<void> => {
    await database.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { dir, database, store, close };
}
