import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { RunningJournal } from '../../src/worker/running-journal.js';

it('the journal says on its first line what runs now', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-journal-'));
  const path = join(dir, 'journal');
  const journal = new RunningJournal(path);
  journal.write(['1000', '1001']);
  journal.write(['7']);
  expect((await readFile(path, 'utf8')).split('\n')[0]).toBe('7');
  await rm(dir, { recursive: true });
});

it.runIf(process.platform === 'linux')('a full disk keeps no worker from computing', () => {
  const journal = new RunningJournal('/dev/full');
  expect(() => journal.write(['1'])).not.toThrow();
});
