import { lstat, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What such a folder is called. */
export const SOCKET_FOLDER_NAME = /^chorus-\w{6}$/;
/** What its files are called: data sockets, and journals of running calls. */
const SOCKET_FILE_NAME = /\.(?:sock|running)$/;

/**
 * Makes the folder for the data sockets. It belongs to this user alone (mode 0700), and its path is
 * short, because a Unix socket's path may have at most 107 bytes.
 */
export async function createSocketFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'chorus-'));
}

/**
 * Removes the folder and our files in it. Whatever else may lie there stays, and so does what cannot
 * be removed: a few bytes in the temp folder are no reason not to start or stop.
 */
export async function removeSocketFolder(path: string): Promise<void> {
  try {
    // Not through a link: somebody else could have put one where our folder was.
    if (!(await lstat(path)).isDirectory()) return;
    const names = (await readdir(path)).filter((name) => SOCKET_FILE_NAME.test(name));
    await Promise.all(names.map((name) => rm(join(path, name), { force: true })));
    await rmdir(path);
  } catch {
    // It has gone already, or something else is in it.
  }
}
