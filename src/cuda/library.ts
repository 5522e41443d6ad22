import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { readElf, type ElfDynamic } from '../processes/elf.js';
import { PROVIDER, isProvider } from './pieces.js';
import type { CudaPiece } from './pieces.js';

/**
 * Reads a shared library for this machine.
 * @throws Error that says in a few words what is wrong: no library, of another machine, cut short.
 */
export async function readLibrary(path: string, arch: string = process.arch): Promise<ElfDynamic> {
  const elf = await readElf(path);
  if (elf?.isShared !== true || elf.dynamic === undefined) {
    throw new Error('it is no 64-bit shared library of Linux');
  }
  if (elf.arch !== arch) throw new Error(`it is not for ${arch}`);
  return elf.dynamic;
}

/**
 * Says what is wrong with a library: not whole, for another machine, or of another name than its
 * file's; undefined if nothing is.
 */
export async function libraryFault(
  path: string,
  name = basename(path),
): Promise<string | undefined> {
  try {
    const { soname } = await readLibrary(path);
    if (soname === undefined || soname === name) return undefined;
    return `it calls itself ${soname}`;
  } catch (caught) {
    return caught instanceof Error ? caught.message : String(caught);
  }
}

/**
 * Says whether the provider in a folder is of a version: it must be that of the library that loads
 * it, to the last digit, and carries it as a string of its own.
 */
export function providerIsOf(version: string, folder: string): Promise<boolean> {
  return contains(join(folder, PROVIDER), Buffer.from(`\0${version}\0`, 'latin1'));
}

/** Whether libraries of the system are of the right CUDA, or of the right ONNX Runtime. */
export async function isRightBuild(
  piece: CudaPiece,
  { folder, version }: { readonly folder: string; readonly version: string },
): Promise<boolean> {
  if (isProvider(piece)) return providerIsOf(version, folder);
  if (piece.marker === undefined) return true;
  const { library, text } = piece.marker;
  return contains(join(folder, library), Buffer.from(text, 'latin1'));
}

/** Whether a file holds some bytes. */
export async function contains(path: string, wanted: Buffer): Promise<boolean> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const window = Buffer.concat([tail, chunk as Buffer]);
    if (window.includes(wanted)) return true;
    tail = window.subarray(-wanted.length);
  }
  return false;
}
