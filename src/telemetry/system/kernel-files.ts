import { readFile } from 'node:fs/promises';

/** Where the kernel tells about itself; tests lay out files of their own. */
export interface KernelFolders {
  /** `/proc` */
  readonly procDir: string;
  /** `/sys` */
  readonly sysDir: string;
}

/** Where Linux has them. */
export const KERNEL_FOLDERS: KernelFolders = { procDir: '/proc', sysDir: '/sys' };

/** Text of a small file; undefined if it is not there or not for us to read. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Which files there are depends on the kernel, the container and its rights: none is missed.
    return undefined;
  }
}

/** Reads a file of lines such as `name 123` or `Name:  123 kB`. */
export function keyedNumbers(text: string | undefined): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const line of text?.split('\n') ?? []) {
    const [key = '', value = ''] = line.split(/:?\s+/, 2);
    if (/^\d+$/.test(value)) numbers.set(key, Number(value));
  }
  return numbers;
}

/** A whole number that stands alone in a file; undefined for `max` and for what is none. */
export function loneNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
