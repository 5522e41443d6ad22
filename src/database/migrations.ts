/**
 * How the tables of the server's one database came to be, oldest first. A script that has been
 * released is never changed: what is to be different is a further script at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE voices (
    name TEXT PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    prompt_text TEXT NOT NULL,
    language TEXT,
    created_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    client TEXT NOT NULL,
    request TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    run_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    outcome TEXT,
    audio_key TEXT NOT NULL,
    audio_digest TEXT NOT NULL UNIQUE,
    notify_url TEXT,
    notify_tries INTEGER NOT NULL,
    notify_at_ms INTEGER
  ) STRICT;
  CREATE INDEX jobs_by_turn ON jobs (state, run_at_ms);
  CREATE INDEX jobs_by_end ON jobs (expires_at_ms);
  CREATE INDEX jobs_by_notice ON jobs (notify_at_ms)`,
];
