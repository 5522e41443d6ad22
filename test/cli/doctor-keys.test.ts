import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CheckContext } from '../../src/cli/doctor/check.js';
import { checkKeys } from '../../src/cli/doctor/keys.js';
import { checkSettingSources } from '../../src/cli/doctor/setting-sources.js';
import { loadSettings } from '../../src/config/load.js';
import { SETTING_TABLE, type SettingRow } from '../../src/config/table.js';

const cwd = mkdtempSync(join(tmpdir(), 'chorus-doctor-keys-'));
afterAll(() => rmSync(cwd, { recursive: true }));

function context(env: Record<string, string>): CheckContext {
  const settings = loadSettings({ env, cwd });
  return { settings, gpus: Promise.resolve([]), signal: new AbortController().signal };
}

const SECRETS = Object.entries<SettingRow>(SETTING_TABLE).flatMap(([name, row]) =>
  row.secret === true ? [name] : [],
);

test('where each secret comes from is told, and none of their values', () => {
  expect(SECRETS.length).toBeGreaterThan(4);
  const env = Object.fromEntries(SECRETS.map((name) => [name, `value-of-${name.toLowerCase()}`]));
  const { detail } = checkSettingSources(context(env), cwd);
  const [, names = ''] = /^environment sets (.*)$/m.exec(detail) ?? [];
  expect(names.split(', ')).toEqual(expect.arrayContaining(SECRETS));
  expect(detail).not.toContain('value-of');
});

test.each([
  [{}, 'warning', 'no keys'],
  [{ ADMIN_KEYS: 'a' }, 'warning', 'no keys'],
  [{ APPTOKEN: 't' }, 'ok', '1 key opens'],
  [{ APPKEY: 'k' }, 'ok', '1 key opens'],
  [{ APPTOKEN: 't', APPKEY: 'k,l', API_KEYS: 'a' }, 'ok', '4 keys open'],
])('with %j a door at all addresses is %s: %s', (env, state, words) => {
  const finding = checkKeys(context({ HOST: '0.0.0.0', ...(env as Record<string, string>) }));
  expect(finding).toMatchObject({ state, detail: expect.stringContaining(words) });
});
