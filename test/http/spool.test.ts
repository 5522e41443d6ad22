import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { sweepSpool, Upload } from '../../src/http/upload.js';

it('the spool is swept of what dead servers left, and of nothing else', async () => {
  const spool = await mkdtemp(join(tmpdir(), 'chorus-spool-'));
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  await mkdir(join(spool, `upload-${gone.pid}-abcdef`));
  await mkdir(join(spool, `upload-${process.ppid}-abcdef`));
  await mkdir(join(spool, `upload-${process.pid}-abcdef`));
  await sweepSpool(spool);
  expect(await readdir(spool)).toEqual([`upload-${process.ppid}-abcdef`]);
  const own = await Upload.open(spool);
  expect(await readdir(spool)).toHaveLength(2);
  await own.dispose();
  expect(await readdir(spool)).toEqual([`upload-${process.ppid}-abcdef`]);
  await rm(spool, { recursive: true });
});
