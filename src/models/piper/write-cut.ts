import { join } from 'node:path';

import { writeWhole } from '../write-whole.js';
import { CUT_FILES, type PiperCut } from './cut-file.js';

/** Writes `cut.json`, in one step: a reader sees the old one or the new one. */
export async function writeCut(modelDir: string, cut: PiperCut): Promise<void> {
  await writeWhole(join(modelDir, CUT_FILES.facts), `${JSON.stringify(cut, undefined, 2)}\n`);
}
