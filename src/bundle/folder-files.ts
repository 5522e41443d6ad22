import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleEntry, FileContent } from './plan.js';

/** Which files of a folder are taken, and where they go. */
export interface FolderChoice {
  /** The folder on this machine. */
  readonly source: string;
  /** Its place in the bundle. */
  readonly path: string;
  /** Whether a file, by its path inside of the folder, is taken; all are if left out. */
  takes?(path: string): boolean | Promise<boolean>;
  /** Whether a folder inside of it is looked into; all are if left out. */
  enters?(path: string): boolean;
}

/** An entry for a file that lies on this machine; what a link leads to is taken, not the link. */
export async function fileEntry(
  source: string,
  path: string,
): Promise<BundleEntry & { readonly content: FileContent }> {
  const { size, mode } = await stat(source);
  const isExecutable = (mode & 0o111) !== 0;
  return { path, content: { kind: 'file', source, bytes: size }, isExecutable };
}

/** All files of a folder, at any depth. */
export async function folderEntries(choice: FolderChoice): Promise<BundleEntry[]> {
  const found = await filesIn(choice, '');
  const taken = await Promise.all(found.map(async (path) => (await choice.takes?.(path)) ?? true));
  const chosen = found.filter((_, index) => taken[index]);
  return Promise.all(
    chosen.map((path) => fileEntry(join(choice.source, path), `${choice.path}/${path}`)),
  );
}

async function filesIn(choice: FolderChoice, inner: string): Promise<string[]> {
  const entries = await readdir(join(choice.source, inner), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries) {
    const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await stat(join(choice.source, path)) : entry;
    if (kind.isFile()) paths.push(path);
    // A link to a folder may lead round in a circle; none of ours needs one.
    else if (entry.isDirectory() && (choice.enters?.(path) ?? true)) {
      paths.push(...(await filesIn(choice, path)));
    }
  }
  return paths;
}
