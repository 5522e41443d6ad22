import { readdir } from 'node:fs/promises';

/** Counts what lies in a folder at any depth, folders included; 0 if there is no such folder. */
export async function entriesIn(folder: string): Promise<number> {
  return (await readdir(folder, { recursive: true }).catch(() => [])).length;
}

/** Counts the sockets in a folder at any depth. */
export async function socketsIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isSocket()).length;
}
