import { join } from 'node:path';
import { folderEntries } from './folder-files.js';
import { readMachineCode } from './machine-code.js';
import { NODE_PATH } from './node-binary.js';
import { productionPackages, type ProductionPackage } from './packages.js';
import type { BundleEntry, Platform } from './plan.js';

/** Machine code: add-ons of Node, shared and static libraries, programs of Windows. */
const NATIVE = /\.(?:node|dylib|dll|exe|lib|a)$|\.so(?:\.\d+)*$/;
/** Of use to who compiles or debugs, and to nobody else. */
const FOR_BUILDERS = /\.(?:map|d\.[cm]?ts|tsbuildinfo)$/;

/** Whether a file is machine code, by its name. */
export function isNative(path: string): boolean {
  return NATIVE.test(path) || path === NODE_PATH;
}

/**
 * Whether machine code can run on a platform. What is in the file counts, not its name: each
 * package has its own way to name the systems that it was built for.
 */
export async function runsOn(path: string, platform: Platform): Promise<boolean> {
  const elf = await readMachineCode(path);
  if (elf === undefined || platform.os !== 'linux') return platform.os !== 'linux';
  const libc = elf.needed.some((name) => name.startsWith('libc.musl')) ? 'musl' : 'glibc';
  return elf.arch === platform.arch && libc === platform.libc;
}

async function packageFiles(
  { dir, path }: ProductionPackage,
  platform: Platform,
): Promise<BundleEntry[]> {
  return folderEntries({
    source: dir,
    path,
    // Packages inside of packages are packages of their own; `.bin` is for shells.
    enters: (inner) => !/(?:^|\/)node_modules$/.test(inner),
    takes: async (inner) => {
      if (FOR_BUILDERS.test(inner)) return false;
      return !NATIVE.test(inner) || (await runsOn(join(dir, inner), platform));
    },
  });
}

/** All files of the packages that the program needs to run on a platform. */
export async function packageEntries(
  programDir: string,
  platform: Platform,
): Promise<BundleEntry[]> {
  const entries: BundleEntry[] = [];
  for (const found of await productionPackages(programDir, platform)) {
    entries.push(...(await packageFiles(found, platform)));
  }
  return entries;
}
