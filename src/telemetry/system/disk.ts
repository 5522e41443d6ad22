import { statfs } from 'node:fs/promises';
import { type SpaceFigures, UNKNOWN_SPACE } from './figures.js';

/** Space of the file system that a folder lies on. */
export async function diskFigures(folder: string): Promise<SpaceFigures> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(folder);
    return {
      totalBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      // Some is kept back for the system's administrator.
      availableBytes: bavail * bsize,
    };
  } catch {
    return UNKNOWN_SPACE;
  }
}
