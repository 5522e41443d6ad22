import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

import { SETTING_TABLE } from '../../src/config/table.js';

const UNIT = 'docs/chorus.service';
const ANALYZE = 'systemd-analyze';
const hasAnalyze = spawnSync(ANALYZE, ['--version']).status === 0;

/** Values of a key of the unit, in order. */
async function valuesOf(key: string): Promise<string[]> {
  const lines = (await readFile(UNIT, 'utf8')).split('\n');
  const prefix = `${key}=`;
  return lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
    .flatMap((value) => value.split(' '));
}

/** What systemd has against a unit; empty if nothing. */
async function complaintsAbout(unit: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-unit-'));
  try {
    const file = join(folder, 'chorus.service');
    await writeFile(file, unit);
    const { stdout, stderr } = await promisify(execFile)(ANALYZE, ['verify', file]).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return stdout + stderr;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

it.skipIf(!hasAnalyze)('is a unit that systemd has nothing against', async () => {
  // The programs lie elsewhere here, and systemd looks whether they are there.
  const unit = (await readFile(UNIT, 'utf8'))
    .replace('/usr/bin/node', process.execPath)
    .replace('/opt/chorus', resolve('.'));
  expect(await complaintsAbout(unit)).toBe('');
  const misspelt = unit.replace('KillMode=', 'KilMode=');
  expect(await complaintsAbout(misspelt)).toMatch(/KilMode/);
});

it('gives the server time for its drain and for ending its children', async () => {
  const [seconds] = await valuesOf('TimeoutStopSec');
  const drainMs = Number(SETTING_TABLE.DRAIN_TIMEOUT_MS.fallback);
  expect(Number(seconds) * 1000).toBeGreaterThan(drainMs + 10_000);
});

it('is not started again after the same ends as under pm2', async () => {
  const profile = createRequire(import.meta.url)(resolve('ecosystem.config.cjs')) as {
    readonly apps: readonly { readonly stop_exit_codes: readonly number[] }[];
  };
  const final = [
    // `Restart=on-failure`: what systemd counts as success, where pm2 needs a code of its own.
    '80',
    ...(await valuesOf('SuccessExitStatus')),
    ...(await valuesOf('RestartPreventExitStatus')),
  ];
  expect(await valuesOf('Restart')).toEqual(['on-failure']);
  expect(final.map(Number).toSorted((a, b) => a - b)).toEqual(
    profile.apps[0]?.stop_exit_codes.toSorted((a, b) => a - b),
  );
});
