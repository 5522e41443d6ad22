import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { SettingsError } from '../../src/config/settings-error.js';
import { Database } from '../../src/database/database.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { Console } from '../telemetry/console.js';

const MIGRATIONS = [
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE, bytes BLOB, ratio REAL) STRICT',
];

let folder: string;
let path: string;
let lines: Console;
const opened: Database[] = [];

async function openDatabase(migrations: readonly string[] = MIGRATIONS): Promise<Database> {
  const database = await Database.open({ path, migrations, log: pino({}, lines) });
  opened.push(database);
  return database;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const caught: unknown = await work.catch((error: unknown) => error);
  return caught instanceof ChorusError ? caught.code : String(caught);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-database-'));
  path = join(folder, 'chorus.db');
  lines = new Console();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('statements', () => {
  test('what is written is read', async () => {
    const database = await openDatabase();
    const insert = 'INSERT INTO notes (text, bytes, ratio) VALUES (?, ?, ?)';
    expect(await database.run(insert, ['你好 🎙', new Uint8Array([0, 255]), 0.5])).toEqual({
      changes: 1,
    });
    await database.run(insert, [null, null, null]);
    expect(await database.all('SELECT * FROM notes WHERE id <= ?', [2])).toEqual([
      { id: 1, text: '你好 🎙', bytes: new Uint8Array([0, 255]), ratio: 0.5 },
      { id: 2, text: null, bytes: null, ratio: null },
    ]);
    expect(await database.run('DELETE FROM notes')).toEqual({ changes: 2 });
  });

  test('statements that return rows say how many', async () => {
    const database = await openDatabase();
    const sql = "INSERT INTO notes (text) VALUES ('a'), ('b') RETURNING text";
    expect(await database.transaction([{ sql }])).toEqual([
      { changes: 2, rows: [{ text: 'a' }, { text: 'b' }] },
    ]);
    expect(await database.run('DELETE FROM notes RETURNING id')).toEqual({ changes: 2 });
  });

  test('a transaction that fails leaves nothing, and the next one works', async () => {
    const database = await openDatabase();
    const sql = 'INSERT INTO notes (text) VALUES (?)';
    const twice = database.transaction([
      { sql, params: ['same'] },
      { sql, params: ['same'] },
    ]);
    expect(await failureOf(twice)).toBe('conflict');
    expect(await database.all('SELECT * FROM notes')).toEqual([]);
    await database.transaction([{ sql, params: ['same'] }, { sql: 'SELECT 1' }]);
    expect(await database.all('SELECT text FROM notes')).toEqual([{ text: 'same' }]);
  });

  test('calls take effect in their order', async () => {
    const database = await openDatabase();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    await Promise.all(
      numbers.map((n) => database.run('INSERT INTO notes (text) VALUES (?)', [String(n)])),
    );
    const rows = await database.all('SELECT text FROM notes ORDER BY id');
    expect(rows.map(({ text }) => Number(text))).toEqual(numbers);
  });

  test.each([true, Number.NaN, 'a\0b', undefined, {}])(
    'the parameter %j never reaches the driver',
    async (value) => {
      const database = await openDatabase();
      const work = database.all('SELECT ?', ['fine', value as string]);
      await expect(work).rejects.toThrow(/^SQL parameter 2 cannot be stored.$/);
      expect(await database.all('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
  );

  test('a mistake in a statement is told to the log alone', async () => {
    const database = await openDatabase();
    const caught: unknown = await database
      .run('INSERT INTO nowhere VALUES (?)', ['a secret'])
      .catch((error: unknown) => error);
    expect(caught).toMatchObject({ code: 'internal', message: 'The database failed.' });
    expect(lines.about('The database failed.')).toMatchObject([
      { reason: 'SQLITE_ERROR: no such table: nowhere' },
    ]);
    expect(lines.lines.join('')).not.toContain('secret');
  });

  test('a full disk is told, and what was there stays', async () => {
    const database = await openDatabase();
    await database.run("INSERT INTO notes (text) VALUES ('kept')");
    await database.all('PRAGMA max_page_count = 8');
    const sql = 'INSERT INTO notes (bytes) VALUES (?)';
    const params = [new Uint8Array(1_000_000)];
    expect(await failureOf(database.run(sql, params))).toBe('storage_full');
    expect(
      await failureOf(
        database.transaction([
          { sql, params },
          { sql, params },
        ]),
      ),
    ).toBe('storage_full');
    expect(await database.all('SELECT text FROM notes')).toEqual([{ text: 'kept' }]);
  });
});

describe('opening and closing', () => {
  test('rows stay, in one file that only its owner can read', async () => {
    const first = await openDatabase();
    await first.run("INSERT INTO notes (text) VALUES ('kept')");
    await first.close();
    expect(await readdir(folder)).toEqual(['chorus.db']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const second = await openDatabase();
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(await second.all('SELECT text FROM notes')).toEqual([{ text: 'kept' }]);
  });

  test('commits reach the disk before they are told', async () => {
    const database = await openDatabase();
    expect(await database.all('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await database.all('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await database.all('PRAGMA busy_timeout')).toEqual([{ timeout: 5_000 }]);
  });

  test('closing finishes what was asked for, and refuses what comes later', async () => {
    const database = await openDatabase();
    const last = database.run("INSERT INTO notes (text) VALUES ('last')");
    await Promise.all([database.close(), database.close()]);
    expect(await last).toEqual({ changes: 1 });
    expect(await failureOf(database.all('SELECT 1'))).toBe('unavailable');
    expect(lines.lines).toEqual([]);
  });

  test('each migration runs once, and one that fails leaves nothing of itself', async () => {
    await (await openDatabase()).close();
    const more = [...MIGRATIONS, "INSERT INTO notes (text) VALUES ('second form')"];
    await (await openDatabase(more)).close();
    await (await openDatabase(more)).close();
    const broken = [...more, 'CREATE TABLE half (a TEXT); CREATE TABLE notes (a TEXT)'];
    await expect(openDatabase(broken)).rejects.toThrow(SettingsError);
    const database = await openDatabase(more);
    expect(await database.all('SELECT text FROM notes')).toEqual([{ text: 'second form' }]);
    expect(await database.all("SELECT 1 FROM sqlite_schema WHERE name = 'half'")).toEqual([]);
  });

  test('a file of a newer version is left alone', async () => {
    await (await openDatabase([...MIGRATIONS, 'SELECT 1'])).close();
    const before = await readFile(path);
    await expect(openDatabase()).rejects.toThrow(/written by a newer version of this program/);
    expect(await readFile(path)).toEqual(before);
  });

  test('a path that cannot be used is a wrong setting', async () => {
    path = join(folder, 'nowhere', 'chorus.db');
    await expect(openDatabase()).rejects.toThrow(SettingsError);
    path = folder;
    await expect(openDatabase()).rejects.toThrow(SettingsError);
  });
});

describe('a damaged file', () => {
  async function expectMovedAside(damaged: Buffer): Promise<void> {
    const database = await openDatabase();
    const { movedAsideTo = '' } = database;
    expect(database.isNew).toBe(true);
    expect(await readFile(movedAsideTo)).toEqual(damaged);
    expect(lines.about('DAMAGED')).toMatchObject([{ level: 50, movedAsideTo }]);
    await database.run("INSERT INTO notes (text) VALUES ('new')");
    expect(await database.all('SELECT text FROM notes')).toEqual([{ text: 'new' }]);
  }

  test('that is no database is moved aside', async () => {
    const garbage = Buffer.alloc(8_192, 'no database ');
    await writeFile(path, garbage);
    await expectMovedAside(garbage);
  });

  test('with a hole in its middle is moved aside', async () => {
    const database = await openDatabase();
    const insert = 'INSERT INTO notes (text, bytes) VALUES (?, ?)';
    for (let n = 0; n < 20; n += 1) {
      await database.run(insert, [`note ${n}`, new Uint8Array(3_000).fill(n)]);
    }
    await database.close();
    const handle = await open(path, 'r+');
    await handle.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, 4_096);
    await handle.close();
    await expectMovedAside(await readFile(path));
  });
});
