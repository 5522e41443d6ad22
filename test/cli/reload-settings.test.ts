import pino from 'pino';
import { afterEach, expect, it } from 'vitest';

import { reloadOnHangup } from '../../src/cli/reload-settings.js';
import type { RunningServer } from '../../src/cli/start-server.js';
import { loadSettings } from '../../src/config/load.js';
import { authKeysOf } from '../../src/http/auth-keys.js';

const before = process.listeners('SIGHUP');

afterEach(() => {
  for (const listener of process.listeners('SIGHUP')) {
    if (!before.includes(listener)) process.off('SIGHUP', listener);
  }
});

it('a reload that takes the last key from a door open to the network says so', () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const keys = authKeysOf({ apiKeys: ['client'] });
  const settings = { ...loadSettings(), host: '0.0.0.0', apiKeys: ['client'] };
  reloadOnHangup({ server: { keys } as unknown as RunningServer, settings, log });
  process.emit('SIGHUP');
  expect(keys.api.isEmpty).toBe(true);
  expect(lines.join('')).toContain('OPEN TO THE NETWORK WITHOUT A KEY');
});
