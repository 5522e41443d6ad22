import { readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { isRightBuild, libraryFault } from './library.js';
import { belongsTo, lackingOf } from './pieces.js';
import type { CudaPiece } from './pieces.js';
import { outputOf } from './programs.js';

/** Where CUDA's own installer and distributions put it. */
const TOOLKIT_PARENT = '/usr/local';
const TOOLKIT_FOLDERS = ['lib64', 'targets/x86_64-linux/lib'];
/** Debian's ldconfig lies where ordinary users do not look. */
const LDCONFIGS = ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig'];
const SITE_PACKAGES = `import json,site,sys
print(json.dumps([*sys.path, *site.getsitepackages(), site.getusersitepackages()]))`;
/** A library with its major version. */
const VERSIONED = /^(lib[\w-]+)\.so\.(\d+)/;

/** Where libraries are looked for. */
export interface SearchOptions {
  /** Folders of `LD_LIBRARY_PATH`. */
  readonly libraryPath: string;
  /** Version that the provider must have. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  /** Where toolkits lie; tests bring their own. */
  readonly toolkitParent?: string;
}

/** A piece that the system has. */
export interface SystemPiece {
  readonly folder: string;
  /** Names of its files in there. */
  readonly names: readonly string[];
}

/** What a search came to. */
export interface SearchResult {
  /** By the package that would have to be fetched otherwise. */
  readonly found: ReadonlyMap<string, SystemPiece>;
  /** Libraries that are there and cannot be used, with the reason. */
  readonly passedOver: readonly string[];
}

interface Place {
  readonly folder: string;
  readonly names: readonly string[];
}

/** Looks which pieces this machine has: a CUDA toolkit, the system's libraries, a PyTorch. */
export async function searchSystem(
  pieces: readonly CudaPiece[],
  options: SearchOptions,
): Promise<SearchResult> {
  const places = await openPlaces(await foldersOf(pieces, options));
  const found = new Map<string, SystemPiece>();
  const passedOver = new Set<string>();
  for (const piece of pieces) {
    for (const place of places) {
      const names = place.names.filter((name) => belongsTo(piece, name));
      if (names.length === 0) continue;
      const fault = await faultOf(piece, { ...place, names }, options.version);
      if (fault === undefined) {
        found.set(piece.package, { folder: place.folder, names });
        break;
      }
      passedOver.add(fault);
    }
    if (!found.has(piece.package))
      for (const line of otherMajors(piece, places)) passedOver.add(line);
  }
  return { found, passedOver: [...passedOver] };
}

async function foldersOf(
  pieces: readonly CudaPiece[],
  { libraryPath, signal, toolkitParent = TOOLKIT_PARENT }: SearchOptions,
): Promise<readonly string[]> {
  const [toolkits, loader, python] = await Promise.all([
    toolkitFolders(toolkitParent),
    loaderFolders(pieces, signal),
    pythonFolders(signal),
  ]);
  const set = libraryPath.split(delimiter).filter(isAbsolute);
  return [...set, ...toolkits, ...python, ...loader];
}

async function toolkitFolders(parent: string): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  const toolkits = names.filter((name) => /^cuda(?:-[\d.]+)?$/.test(name)).toSorted();
  return toolkits.flatMap((name) => TOOLKIT_FOLDERS.map((inner) => join(parent, name, inner)));
}

/** Folders of the loader's cache that hold a library of ours, of whatever version. */
async function loaderFolders(
  pieces: readonly CudaPiece[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const stems = new Set(pieces.flatMap(({ libraries }) => libraries.map(stemOf)));
  for (const program of LDCONFIGS) {
    const output = await outputOf([program, '-p'], signal);
    if (output === undefined) continue;
    const paths = output.split('\n').flatMap((line) => / => (\/.+)$/.exec(line)?.[1] ?? []);
    return paths
      .filter((path) => stems.has(stemOf(path.slice(dirname(path).length + 1))))
      .map(dirname);
  }
  return [];
}

function stemOf(name: string): string {
  return VERSIONED.exec(name)?.[1] ?? name;
}

/** Folders in which wheels of NVIDIA, PyTorch and ONNX Runtime put libraries, for the user's Python. */
async function pythonFolders(signal: AbortSignal | undefined): Promise<readonly string[]> {
  const output = await outputOf(['python3', '-c', SITE_PACKAGES], signal);
  const sites = sitesIn(output);
  const folders = await Promise.all(
    sites.map(async (site) => {
      const nvidia = await readdir(join(site, 'nvidia')).catch(() => []);
      const wheels = nvidia.map((name) => join(site, 'nvidia', name, 'lib'));
      return [...wheels, join(site, 'torch/lib'), join(site, 'onnxruntime/capi')];
    }),
  );
  return folders.flat();
}

function sitesIn(output: string | undefined): readonly string[] {
  try {
    const paths = z.array(z.string()).parse(JSON.parse(output ?? '[]'));
    return [...new Set(paths)].filter(isAbsolute);
  } catch {
    return [];
  }
}

/** Folders that are there, each once, whatever the names that lead to it. */
async function openPlaces(folders: readonly string[]): Promise<readonly Place[]> {
  const places = new Map<string, Place>();
  for (const folder of folders) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || places.has(real)) continue;
    places.set(real, { folder, names: await readdir(real).catch(() => []) });
  }
  return [...places.values()];
}

/** Why a place's libraries of a piece cannot be used. */
async function faultOf(
  piece: CudaPiece,
  { folder, names }: Place,
  version: string,
): Promise<string | undefined> {
  const lacking = lackingOf(piece, names);
  if (lacking.length > 0) return `${folder} lacks ${lacking.join(', ')} of ${piece.package}`;
  for (const name of names) {
    const fault = await libraryFault(join(folder, name), name);
    if (fault !== undefined) return `${join(folder, name)}: ${fault}`;
  }
  if (await isRightBuild(piece, { folder, version })) return undefined;
  const what = piece.version === undefined ? `of ONNX Runtime ${version}` : 'for CUDA 13';
  return `${join(folder, names[0] ?? '')} is not ${what}`;
}

/** Names libraries that would be right but for their major version. */
function otherMajors(piece: CudaPiece, places: readonly Place[]): readonly string[] {
  const wanted = new Map(piece.libraries.map((name) => [stemOf(name), VERSIONED.exec(name)?.[2]]));
  return places.flatMap(({ folder, names }) =>
    names.flatMap((name) => {
      const [, stem = '', major] = VERSIONED.exec(name) ?? [];
      const needed = wanted.get(stem);
      if (needed === undefined || major === needed || name.split('.').length > 3) return [];
      return [`${join(folder, name)} is of major version ${major}; ${stem}.so.${needed} is needed`];
    }),
  );
}
