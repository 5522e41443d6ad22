import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file that appears complete, flushed and checked, or not at all.
 * @param check Looks at the file before it gets its name; what it throws undoes the writing.
 */
export async function writeWhole(
  path: string,
  data: string | Uint8Array,
  check?: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${path}.${process.pid}.part`;
  try {
    await writeFile(partial, data, { flush: true });
    await check?.(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
