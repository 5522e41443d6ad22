import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar';
import { openPromise } from 'yauzl';

/** A fetched package whose files can be read. */
export interface OpenedPackage {
  /** A file's bytes as a stream; undefined if the package has no such file. */
  member(path: string): Promise<Readable | undefined>;
}

/** Opens a wheel, which is a zip: its files are inflated one at a time while they are read. */
export function openWheel(path: string): OpenedPackage {
  return {
    async member(name) {
      const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName !== name) continue;
        const stream = await zip.openReadStreamPromise(entry);
        return stream.once('close', () => zip.close());
      }
      zip.close();
      return undefined;
    },
  };
}

/** Opens an npm tarball: unpacked once, because a gzip stream has no places to jump to. */
export async function openTarball(path: string): Promise<OpenedPackage> {
  const dir = `${path}.files`;
  await mkdir(dir);
  await extract({
    file: path,
    cwd: dir,
    strip: 1,
    // Only what can be weights: a link could point out of the folder.
    filter: (_path, entry) =>
      'type' in entry && (entry.type === 'File' || entry.type === 'OldFile'),
  });
  return {
    async member(name) {
      const file = join(dir, name);
      const found = await stat(file).catch(() => undefined);
      return found?.isFile() === true ? createReadStream(file) : undefined;
    },
  };
}
