import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Finding } from './check.js';

const packageUrl = new URL('../../../../package.json', import.meta.url);
const packageSchema = z.object({
  engines: z.object({ node: z.string().regex(/^>=\d+\.\d+\.\d+$/) }),
});

function isOlder(version: string, least: string): boolean {
  const wanted = least.split('.').map(Number);
  const found = version.split('.').map((part) => Number.parseInt(part, 10));
  const differs = wanted.findIndex((number, place) => number !== found[place]);
  return differs >= 0 && (found[differs] ?? 0) < (wanted[differs] ?? 0);
}

/** Compares Node's version with the one that package.json asks for. */
export function checkNodeVersion(_: unknown, version: string = process.versions.node): Finding {
  const { engines } = packageSchema.parse(JSON.parse(readFileSync(packageUrl, 'utf8')));
  const least = engines.node.slice('>='.length);
  const detail = `${version} on ${process.platform} ${process.arch}; ${least} or newer is needed`;
  if (!isOlder(version, least)) return { state: 'ok', detail };
  return { state: 'failed', detail, advice: `Install Node.js ${least} or newer.` };
}
