import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChorusError } from '../protocol/errors.js';
import { compareVersions } from './machine.js';
import { PLATFORM_TAGS, belongsTo, isProvider, lackingOf, versionOf } from './pieces.js';
import type { CudaPiece } from './pieces.js';
import type { PieceSource } from './plan.js';
import { parseWheelName } from './wheel.js';

/**
 * Finds every piece in a user's folder: as a wheel, or as the libraries themselves.
 * @throws ChorusError `unavailable` that names all that is not there, and how to get it.
 */
export async function lookInFolder(
  folder: string,
  pieces: readonly CudaPiece[],
  version: string,
): Promise<ReadonlyMap<string, PieceSource>> {
  const names = await namesIn(folder);
  const sources = new Map<string, PieceSource>();
  const lacking: CudaPiece[] = [];
  for (const piece of pieces) {
    const source = wheelOf(piece, { folder, names, version }) ?? filesOf(piece, folder, names);
    if (source === undefined) lacking.push(piece);
    else sources.set(piece.package, source);
  }
  if (lacking.length === 0) return sources;
  const lines = lacking.map((piece) => `  ${sayLacking(piece, names, version)}\n`);
  const message =
    `${folder} lacks what is needed:\n${lines.join('')}` +
    'Nothing was installed. On a machine with a network, get it by:\n' +
    `  ${downloadCommand(lacking, version)}`;
  throw new ChorusError('unavailable', message);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (caught) {
    const why = (caught as NodeJS.ErrnoException).code ?? String(caught);
    const message = `${folder} cannot be read (${why}). Give --from a folder with wheels or libraries.`;
    throw new ChorusError('unavailable', message, {}, { cause: caught });
  }
}

/** The wheel of the version that we would fetch, else the newest; of the provider only the one. */
function wheelOf(
  piece: CudaPiece,
  {
    folder,
    names,
    version,
  }: { readonly folder: string; readonly names: readonly string[]; readonly version: string },
): PieceSource | undefined {
  const wheels = names
    .map((name) => ({ name, wheel: parseWheelName(name) }))
    .flatMap(({ name, wheel }) => (wheel?.package === piece.package ? [{ name, ...wheel }] : []))
    .filter(({ platform }) => platform.endsWith('_x86_64'))
    .toSorted((one, other) => compareVersions(one.version, other.version));
  const pinned = wheels.find((wheel) => wheel.version === versionOf(piece, version));
  const best = isProvider(piece) ? pinned : (pinned ?? wheels.at(-1));
  return best && { kind: 'wheel', path: join(folder, best.name), version: best.version };
}

function filesOf(
  piece: CudaPiece,
  folder: string,
  names: readonly string[],
): PieceSource | undefined {
  if (lackingOf(piece, names).length > 0) return undefined;
  return { kind: 'files', folder, names: names.filter((name) => belongsTo(piece, name)) };
}

function sayLacking(piece: CudaPiece, names: readonly string[], version: string): string {
  const wanted = `${piece.package} ${versionOf(piece, version)}`;
  const others = names.filter((name) => parseWheelName(name)?.package === piece.package);
  const libraries = lackingOf(piece, names);
  const there = others.length > 0 ? `; ${others.join(', ')} cannot be used` : '';
  return `${wanted} (a wheel, or ${libraries.join(', ')})${there}`;
}

/** The command by which pip gets all pieces into a folder, on whatever machine. */
export function downloadCommand(pieces: readonly CudaPiece[], version: string): string {
  const names = pieces.map((piece) => `${piece.package}==${versionOf(piece, version)}`);
  return ['python3 -m pip download', ...PIP_OPTIONS, '-d FOLDER', ...names].join(' ');
}

/** What pip is told so that it takes the packages for Linux on x86-64, whatever Python it runs in. */
export const PIP_OPTIONS: readonly string[] = [
  '--no-deps',
  '--only-binary=:all:',
  ...PLATFORM_TAGS.flatMap((tag) => ['--platform', tag]),
  ...['--implementation', 'cp', '--python-version', '3.12'],
];
