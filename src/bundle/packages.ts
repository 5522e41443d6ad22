import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ChorusError } from '../protocol/errors.js';
import type { Platform } from './plan.js';

/** What a `package.json` says of what is needed beside it. */
const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  peerDependenciesMeta: z
    .record(z.string(), z.object({ optional: z.boolean().optional() }))
    .default({}),
  os: z.union([z.string(), z.array(z.string())]).optional(),
  cpu: z.union([z.string(), z.array(z.string())]).optional(),
  libc: z.union([z.string(), z.array(z.string())]).optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

/** A package that the built program needs to run. */
export interface ProductionPackage {
  readonly name: string;
  /** Its folder on this machine. */
  readonly dir: string;
  /** Its folder from the program's, such as `node_modules/one/node_modules/other`. */
  readonly path: string;
}

/** Needed to compile, of which nothing is imported by the compiled program. */
const BUILD_ONLY = /^(?:typescript$|@types\/)/;
const INNER = '/node_modules/';

async function manifestOf(dir: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')));
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const message = `${join(dir, 'package.json')} cannot be read: run \`npm ci\` again.`;
    throw new ChorusError('unavailable', message, {}, { cause: caught });
  }
}

/** A name on the list, or, on a list of exceptions (`!win32`), one that is not on it. */
function allows(list: string | readonly string[] | undefined, name: string): boolean {
  const names = typeof list === 'string' ? [list] : (list ?? []);
  if (names.includes(`!${name}`)) return false;
  const wanted = names.filter((one) => !one.startsWith('!'));
  return wanted.length === 0 || wanted.includes('any') || wanted.includes(name);
}

function isFor({ os, cpu, libc }: Manifest, platform: Platform): boolean {
  return allows(os, platform.os) && allows(cpu, platform.arch) && allows(libc, platform.libc);
}

/** Where Node looks for a package that is imported from a folder, the nearest place first. */
function placesFor(name: string, from: string): string[] {
  const places: string[] = [];
  for (let at = from; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf(INNER), 0))) {
    places.push(`${at}${INNER}${name}`);
  }
  return [...places, `node_modules/${name}`];
}

interface Need {
  readonly name: string;
  readonly from: string;
  readonly isOptional: boolean;
}

/** What a package needs at run time. Its optional peers are not among it: who wants them names them. */
function needsOf(manifest: Manifest, from: string): Need[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const peers = Object.keys(peerDependencies).filter(
    (name) => peerDependenciesMeta[name]?.optional !== true,
  );
  const needed = new Set([...Object.keys(dependencies), ...peers]);
  // npm lists an optional dependency among the others, too.
  const optional = new Set(Object.keys(optionalDependencies));
  return [...new Set([...needed, ...optional])]
    .filter((name) => !BUILD_ONLY.test(name))
    .map((name) => ({ name, from, isOptional: optional.has(name) }));
}

/**
 * Finds the packages that the program needs to run, as Node itself would find them: not those of
 * its tests, nor those that only compile it, nor those of other systems.
 * @throws ChorusError `unavailable` if one is not installed.
 */
export async function productionPackages(
  programDir: string,
  platform: Platform,
): Promise<ProductionPackage[]> {
  const root = await manifestOf(programDir);
  const waiting = root === undefined ? [] : needsOf(root, '');
  const found = new Map<string, ProductionPackage>();
  for (let need = waiting.pop(); need !== undefined; need = waiting.pop()) {
    const place = await placed(programDir, need);
    if (place === undefined || found.has(place.path)) continue;
    if (!isFor(place.manifest, platform)) continue;
    found.set(place.path, { name: need.name, path: place.path, dir: await realpath(place.dir) });
    waiting.push(...needsOf(place.manifest, place.path));
  }
  return [...found.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

async function placed(
  programDir: string,
  { name, from, isOptional }: Need,
): Promise<{ path: string; dir: string; manifest: Manifest } | undefined> {
  for (const path of placesFor(name, from)) {
    const dir = join(programDir, path);
    const manifest = await manifestOf(dir);
    if (manifest !== undefined) return { path, dir, manifest };
  }
  if (isOptional) return undefined;
  const message = `The package ${name} is not installed. Run \`npm ci\` in ${programDir} first.`;
  throw new ChorusError('unavailable', message);
}
