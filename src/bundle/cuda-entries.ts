import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { LIBRARY_DIR, readCudaInstallation, RECORD_NAME } from '../cuda/installation.js';
import type { InstallationRecord, InstalledFile } from '../cuda/installation.js';
import { ChorusError } from '../protocol/errors.js';
import { fileEntry } from './folder-files.js';
import type { BundleEntry } from './plan.js';
import { FIXED_TIME_SECONDS } from './tar.js';

async function readRecord(cudaDir: string): Promise<InstallationRecord> {
  const installation = await readCudaInstallation(cudaDir);
  if (installation !== undefined) return installation.record;
  const message = `There is no CUDA in ${cudaDir}. Run \`chorus setup cuda\` first, or leave out --cuda.`;
  throw new ChorusError('unavailable', message);
}

/** The record as it is true on the target, where each library lies in the installation itself. */
function recordThere(record: InstallationRecord): string {
  const mtimeMs = FIXED_TIME_SECONDS * 1000;
  const pieces = record.pieces.map(({ origin, files, ...rest }) => ({
    ...rest,
    origin: origin === 'system' ? 'folder' : origin,
    from: 'bundle',
    files: files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256, mtimeMs })),
  }));
  const libraryPath = record.libraryPath.filter((folder) => !isAbsolute(folder));
  if (!libraryPath.includes(LIBRARY_DIR)) libraryPath.unshift(LIBRARY_DIR);
  return `${JSON.stringify({ ...record, libraryPath, pieces }, undefined, 2)}\n`;
}

/** A library's own bytes, also where ours is a link to the system's. */
async function libraryEntry(
  cudaDir: string,
  file: InstalledFile,
  folder: string,
): Promise<BundleEntry> {
  const source = join(cudaDir, LIBRARY_DIR, file.name);
  const found = await stat(source).catch(() => undefined);
  if (found?.size !== file.bytes) {
    const what = found === undefined ? 'missing' : 'not what was set up';
    const message = `${source} is ${what}. Run \`chorus setup cuda\`: it mends that.`;
    throw new ChorusError('unavailable', message);
  }
  const { content } = await fileEntry(source, file.name);
  return { path: `${folder}/${file.name}`, content: { ...content, sha256: file.sha256 } };
}

/**
 * The files of an installation of CUDA. Libraries of the system come along as files.
 * @throws ChorusError `unavailable` if there is none, or it is not whole.
 */
export async function cudaEntries(cudaDir: string): Promise<BundleEntry[]> {
  const record = await readRecord(cudaDir);
  const files = record.pieces.flatMap((piece) => piece.files);
  // `lib` is a link to a folder, so that a later set-up can change it in one step.
  const content = files.map(({ name, sha256 }) => `${name} ${sha256}\n`).join('');
  const folder = `lib-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
  const libraries = await Promise.all(
    files.map((file) => libraryEntry(cudaDir, file, `cuda/${folder}`)),
  );
  return [
    ...libraries,
    { path: `cuda/${LIBRARY_DIR}`, content: { kind: 'link', target: folder } },
    { path: `cuda/${RECORD_NAME}`, content: { kind: 'text', text: recordThere(record) } },
  ];
}
