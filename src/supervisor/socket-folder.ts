import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What such a folder is called, so that nothing else is ever removed in its place. */
export const SOCKET_FOLDER_NAME = /^chorus-\w{6}$/;

/**
 * Makes the folder for the data sockets. It belongs to this user alone (mode 0700), and its path is
 * short, because a Unix socket's path may have at most 107 bytes.
 */
export async function createSocketFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'chorus-'));
}

/** Removes the folder and what is left in it. */
export async function removeSocketFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
