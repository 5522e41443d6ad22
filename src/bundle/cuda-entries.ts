import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ChorusError } from '../protocol/errors.js';
import { folderEntries } from './folder-files.js';
import type { BundleEntry } from './plan.js';

const RECORD_NAME = 'installation.json';

/**
 * The files of an installation of CUDA.
 * @throws ChorusError `unavailable` if there is none.
 */
export async function cudaEntries(cudaDir: string): Promise<BundleEntry[]> {
  const record = join(cudaDir, RECORD_NAME);
  const isThere = await stat(record).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const message = `There is no CUDA in ${cudaDir}. Run \`chorus setup cuda\` first, or leave out --cuda.`;
    throw new ChorusError('unavailable', message);
  }
  const files = await folderEntries({ source: cudaDir, path: 'cuda' });
  const text = await readFile(record, 'utf8');
  const others = files.filter(({ path }) => path !== `cuda/${RECORD_NAME}`);
  return [...others, { path: `cuda/${RECORD_NAME}`, content: { kind: 'text', text } }];
}
