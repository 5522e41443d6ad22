import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JobFiles } from '../../src/jobs/job-files.js';
import { idOf } from '../support/jobs.js';

let dir: string;
let files: JobFiles;
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'chorus-files-')), 'jobs');
  files = new JobFiles(dir);
  await files.open(new Set());
});
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }));

test('a file is there whole', async () => {
  const made = await files.make(idOf('1'), async (path) => {
    await writeFile(path, 'speech');
    expect(await readdir(dir)).toEqual([`${idOf('1')}.part`]);
    return 6;
  });
  expect(made).toBe(6);
  expect(await readdir(dir)).toEqual([idOf('1')]);
  expect(await readFile(files.path(idOf('1')), 'utf8')).toBe('speech');
  await files.remove(idOf('1'));
  await files.remove(idOf('1'));
  expect(await readdir(dir)).toEqual([]);
});

test('a file that fails leaves nothing, and a half of before is no hindrance', async () => {
  await writeFile(join(dir, `${idOf('1')}.part`), 'half');
  const failing = files.make(idOf('1'), async (path) => {
    await writeFile(path, 'half', { flag: 'wx' });
    throw new Error('Broken.');
  });
  await expect(failing).rejects.toThrow('Broken.');
  expect(await readdir(dir)).toEqual([]);
});

test('at the start halves and leftovers go, audio and what is not ours stays', async () => {
  const names = [idOf('1'), `${idOf('1')}.part`, idOf('2'), `${idOf('3')}.part`, 'notes.txt'];
  for (const name of names) await writeFile(join(dir, name), '');
  await mkdir(join(dir, 'folder'));
  await files.open(new Set([idOf('1')]));
  expect((await readdir(dir)).toSorted()).toEqual([idOf('1'), 'folder', 'notes.txt']);
});
