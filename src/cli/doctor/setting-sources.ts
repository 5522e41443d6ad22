import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../../config/environment.js';
import type { Settings } from '../../config/settings.js';
import { readSources } from '../../config/sources.js';
import type { SettingName } from '../../config/table.js';
import type { CheckContext, Finding } from './check.js';

const ENVIRONMENT = 'environment';
const FILES = ['.env', 'chorus.yaml'];

/** The values in force of what is never handed out from the environment. */
function secrets(settings: Settings): [SettingName, string][] {
  const { apiKeys, adminKeys, appTokens, appKeys, hfToken = '', asyncJobs } = settings;
  const values: [SettingName, string][] = [
    ['API_KEYS', apiKeys.join(',')],
    ['APPTOKEN', appTokens.join(',')],
    ['APPKEY', appKeys.join(',')],
    ['ADMIN_KEYS', adminKeys.join(',')],
    ['HF_TOKEN', hfToken],
    ['NOTIFY_SECRET', asyncJobs.notifySecret ?? ''],
  ];
  return values.filter(([, value]) => value !== '');
}

function plain(list: string): string {
  const items = list.split(',').map((item) => item.trim());
  return items.join(',');
}

/** Which place gave each setting that is set. */
function origins(settings: Settings, cwd: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const raw = readSources({ env: childEnvironment(), cwd }).settings;
  for (const [name, { origin }] of raw) found.set(name, origin);
  for (const [name, value] of secrets(settings)) {
    const inFile = raw.get(name);
    // The files do not say what is in force, so the environment does.
    if (inFile === undefined || plain(inFile.text) !== value) found.set(name, ENVIRONMENT);
  }
  return found;
}

/** Says where the settings come from: the names that each place sets, never a value. */
export function checkSettingSources({ settings }: CheckContext, cwd = process.cwd()): Finding {
  const found = [...origins(settings, cwd)];
  const places = [ENVIRONMENT, ...FILES].flatMap((place) => {
    const names = found.filter(([, origin]) => origin === place).map(([name]) => name);
    return names.length === 0 ? [] : [`${place} sets ${names.join(', ')}`];
  });
  const absent = FILES.filter((file) => !existsSync(join(cwd, file)));
  const lines = [
    ...(places.length === 0 ? ['every setting has its default'] : places),
    ...(absent.length === 0 ? [] : [`no ${absent.join(' and no ')} in ${cwd}`]),
  ];
  return { state: 'ok', detail: lines.join('\n') };
}
