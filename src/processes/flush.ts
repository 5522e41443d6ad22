import { open } from 'node:fs/promises';

/**
 * Waits until a file's bytes are on the disk; of a folder: the names in it. Only then may a name be
 * given that promises them.
 */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
