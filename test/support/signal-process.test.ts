import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { signalProcess } from './signal-process.js';

test.each([0, -1, 1, Number.NaN, undefined])('no signal is sent to %s', (pid) => {
  expect(() => signalProcess(pid, 'SIGKILL')).toThrow(/is no process/);
});

test('tests send signals in no other way, but by a handle or to themselves', () => {
  const sources = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('signal-process'))
    .map((file) => join('test', file));
  const wrong = sources.filter((file) =>
    /(?<![\w.?])process\.kill\((?!process\.pid|pid, 0)/.test(readFileSync(file, 'utf8')),
  );
  expect(wrong).toEqual([]);
});
