import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Database } from '../../src/database/database.js';

const WRITER = fileURLToPath(new URL('../support/database-writer.js', import.meta.url));
const OTHER_PLATFORM = new URL('../support/other-platform.js', import.meta.url).href;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-database-'));
  path = join(folder, 'chorus.db');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('what was said to be stored is there after a SIGKILL, and nothing by halves', async () => {
  const writer = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = 0;
  for await (const line of createInterface(writer.stdout)) {
    told = Number(line);
    if (told === 20) writer.kill('SIGKILL');
  }
  if (writer.signalCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');
  const database = await Database.open({ path, migrations: ['an earlier one'] });
  const halves = await database.all(
    'SELECT half, count(*) AS count, max(number) AS last FROM rows GROUP BY half ORDER BY half',
  );
  await database.close();
  expect(halves[0]?.['count']).toBe(halves[1]?.['count']);
  expect(Number(halves[0]?.['last'])).toBeGreaterThanOrEqual(2 * told);
});

test('a platform without the driver is told what it lacks', async () => {
  const run = promisify(execFile)(process.execPath, ['--import', OTHER_PLATFORM, WRITER, path]);
  await expect(run).rejects.toThrow(/no native part for this platform, linux on riscv64/);
});
