import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freeBytes, sayBytes } from '../../models/pull/disk-space.js';
import type { CheckContext, CheckState, Finding } from './check.js';

const LEAST_FREE_BYTES = 2 ** 30;

/** What a folder is needed for. */
export interface FolderNeed {
  readonly dir: string;
  /** How bad it is if it cannot be written. */
  readonly unwritable: Exclude<CheckState, 'ok'>;
  /** What does not work then, and what to do. */
  readonly advice: string;
}

async function isFolder(path: string): Promise<boolean | undefined> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
}

/** The folder itself, or the one that it would be made in. */
async function nearest(dir: string): Promise<{ readonly path: string; readonly folder: boolean }> {
  const folder = await isFolder(dir);
  if (folder !== undefined || dirname(dir) === dir) return { path: dir, folder: folder ?? false };
  return nearest(dirname(dir));
}

function mayWrite(path: string, rights: number): Promise<boolean> {
  return access(path, rights).then(
    () => true,
    () => false,
  );
}

/** Looks whether a folder can be written or made, and how much room is left. Makes nothing. */
export async function lookAtFolder({ dir, unwritable, advice }: FolderNeed): Promise<Finding> {
  const { path, folder } = await nearest(dir);
  if (!folder) return { state: unwritable, detail: `${path} is not a folder`, advice };
  if (!(await mayWrite(path, constants.W_OK | constants.X_OK))) {
    return { state: unwritable, detail: `this user may not write in ${path}`, advice };
  }
  const free = await freeBytes(path);
  const detail = `${dir}${path === dir ? '' : ' (made when needed)'}, ${sayBytes(free)} free`;
  if (free >= LEAST_FREE_BYTES) return { state: 'ok', detail };
  return { state: 'warning', detail, advice: `Make room: less than 1 GiB is free for ${dir}.` };
}

/** Looks at DATA_DIR, where uploads are spooled. */
export function checkDataFolder({ settings }: CheckContext): Promise<Finding> {
  return lookAtFolder({
    dir: settings.dataDir,
    unwritable: 'failed',
    advice:
      'Uploads are kept there while they are worked on: give this user the right, or set DATA_DIR.',
  });
}

/** Looks at MODELS_DIR. Served models need no right to write; pulling does. */
export function checkModelsFolder({ settings }: CheckContext): Promise<Finding> {
  return lookAtFolder({
    dir: settings.modelsDir,
    unwritable: 'warning',
    advice: 'No model can be pulled to there: give this user the right, or set MODELS_DIR.',
  });
}

/** Looks at the folder of LOG_FILE. */
export async function checkLogFolder({ settings: { logFile } }: CheckContext): Promise<Finding> {
  if (logFile === undefined)
    return { state: 'ok', detail: 'none: the log goes to the console only' };
  const advice = 'The log goes to the console only: give this user the right, or set LOG_FILE.';
  const folder = await isFolder(logFile);
  if (folder === true) return { state: 'warning', detail: `${logFile} is a folder`, advice };
  if (folder === false && !(await mayWrite(logFile, constants.W_OK))) {
    return { state: 'warning', detail: `this user may not write ${logFile}`, advice };
  }
  return lookAtFolder({ dir: dirname(logFile), unwritable: 'warning', advice });
}
