import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { CUT_FILES, type PiperCut } from './cut-file.js';

/** Writes `cut.json`, in one step: a reader sees the old one or the new one. */
export async function writeCut(modelDir: string, cut: PiperCut): Promise<void> {
  const path = join(modelDir, CUT_FILES.facts);
  const partial = `${path}.${process.pid}.part`;
  const file = await open(partial, 'w');
  try {
    await file.writeFile(`${JSON.stringify(cut, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}
