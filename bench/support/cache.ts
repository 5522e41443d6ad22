import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the benches keep what is slow to make: Python environments, spoken texts. */
export function benchCacheDir(): string {
  const own = process.env['CHORUS_CACHE_DIR'];
  if (own !== undefined && own !== '') return join(own, 'bench');
  const base = process.env['XDG_CACHE_HOME'];
  const root = base === undefined || base === '' ? join(homedir(), '.cache') : base;
  return join(root, 'chorus', 'bench');
}
