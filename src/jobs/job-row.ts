import type { SqlRow } from '../database/sql.js';
import type { Job, JobOutcome, JobRequest, JobState } from './job.js';

/** Reads a row of the table `jobs`. */
export function jobOf(row: SqlRow): Job {
  return {
    ...(JSON.parse(String(row['request'])) as JobRequest),
    id: String(row['id']),
    state: String(row['state']) as JobState,
    client: String(row['client']),
    tries: Number(row['tries']),
    createdAtMs: Number(row['created_at_ms']),
    expiresAtMs: numberOf(row['expires_at_ms']),
    outcome: outcomeOf(textOf(row['outcome'])),
    audioKey: String(row['audio_key']),
    notifyUrl: textOf(row['notify_url']),
    notifyTries: Number(row['notify_tries']),
  };
}

function outcomeOf(json: string | undefined): JobOutcome | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as JobOutcome);
}

function textOf(value: SqlRow[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: SqlRow[string] | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
