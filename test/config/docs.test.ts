import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SETTING_TABLE } from '../../src/config/table.js';
import type { SettingRow } from '../../src/config/table.js';
import { ERROR_TABLE } from '../../src/protocol/errors.js';

/** Cells of the rows of the first table whose first cell is a name in back-ticks. */
async function rowsOf(file: string): Promise<string[][]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => /^\| `[A-Za-z0-9_]+`\s*\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));
}

test('docs/errors.md carries the error table, row by row', async () => {
  const documented = (await rowsOf('docs/errors.md')).map((row) => row.slice(0, 3));
  const rows = Object.entries(ERROR_TABLE).map(([code, { status, retryable }]) => [
    code,
    String(status),
    retryable ? 'yes' : 'no',
  ]);
  expect(documented).toEqual(rows);
});

test('docs/errors.md says when each error comes', async () => {
  const silent = (await rowsOf('docs/errors.md')).filter((row) => (row[3] ?? '') === '');
  expect(silent).toEqual([]);
});

test('docs/settings.md carries the table of settings, row by row', async () => {
  const documented = (await rowsOf('docs/settings.md'))
    .filter(([name = '']) => /^[A-Z0-9_]+$/.test(name))
    .map((row) => row.slice(0, 3));
  const rows = Object.entries(SETTING_TABLE).map(([name, row]: [string, SettingRow]) => [
    name,
    row.fallback ?? '—',
    row.allowed,
  ]);
  expect(documented).toEqual(rows);
});
