import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;

beforeEach(async () => {
  // Inside of the project, so that the files find vitest.
  root = await mkdtemp(join(process.cwd(), 'dist', 'reporter-'));
  const config = `import { SummaryLineReporter } from '../test/support/reporter.js';
export default { test: { reporters: ['default', new SummaryLineReporter()] } };\n`;
  await writeFile(join(root, 'vitest.config.mjs'), config);
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function runOf(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly lastLine: string | undefined; readonly failed: boolean }> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(
      join(root, name),
      `import { beforeAll, describe, test } from 'vitest';\n${text}`,
    );
  }
  const vitest = join(process.cwd(), 'node_modules/vitest/vitest.mjs');
  return new Promise((resolve) => {
    const options = { cwd: root, env: { PATH: process.env['PATH'] } };
    execFile(process.execPath, [vitest, 'run'], options, (error, stdout) => {
      resolve({ lastLine: stdout.trimEnd().split('\n').at(-1), failed: error !== null });
    });
  });
}

test('counts what passed and what was skipped', async () => {
  const run = await runOf({ 'a.test.js': "test('a', () => {}); test.skip('b', () => {});" });
  expect(run).toEqual({ lastLine: '1 passed, 0 failed, 1 skipped', failed: false });
});

test('counts failures outside of tests too', async () => {
  const run = await runOf({
    'a.test.js': "test('a', () => {}); test('b', () => { throw new Error('b'); });",
    'b.test.js': "throw new Error('load');",
  });
  expect(run).toEqual({ lastLine: '1 passed, 2 failed, 0 skipped', failed: true });
});

test.each<{ name: string; files: Record<string, string>; skipped: number }>([
  { name: 'all are skipped', files: { 'a.test.js': "test.skip('a', () => {});" }, skipped: 1 },
  { name: 'there are none', files: {}, skipped: 0 },
])('fails when no test ran: $name', async ({ files, skipped }) => {
  const run = await runOf(files);
  expect(run).toEqual({ lastLine: `0 passed, 0 failed, ${skipped} skipped`, failed: true });
});
