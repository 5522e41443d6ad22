import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

const manifest = z
  .object({ version: z.string(), bin: z.object({ chorus: z.string() }) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

test('the command of the package can be executed once it is built', async () => {
  const { stdout } = await promisify(execFile)(resolve(manifest.bin.chorus), ['--version']);
  expect(stdout.trim()).toBe(manifest.version);
});
