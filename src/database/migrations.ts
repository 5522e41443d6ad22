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
];
