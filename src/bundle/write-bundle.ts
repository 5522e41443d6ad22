import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flush } from '../processes/flush.js';
import { freeBytes as freeOnDisk, sayBytes, type FreeBytes } from '../models/pull/disk-space.js';
import { isAlive } from '../processes/identity.js';
import { ChorusError } from '../protocol/errors.js';
import { writeArchive } from './archive.js';
import { installScript, releaseName, SCRIPT_NAME } from './install-script.js';
import { platformName } from './node-binary.js';
import { PartWriter, type WrittenPart, type WrittenParts } from './parts.js';
import { orderedEntries, type BundlePlan } from './plan.js';
import { SUMS_NAME, sumsText } from './sums.js';
import { archiveBytes } from './tar.js';

/** How a bundle is written. */
export interface WriteOptions {
  readonly outDir: string;
  /** Most bytes of a part; undefined = one part. */
  readonly partBytes: number | undefined;
  readonly signal?: AbortSignal;
  /** Told after every piece that was written. */
  readonly report?: (progress: BundleProgress) => void;
  readonly freeBytes?: FreeBytes;
}

/** How far a bundle is. */
export interface BundleProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
  readonly part: string;
}

/** A bundle that was written. */
export interface WrittenBundle extends WrittenParts {
  /** Names what is in it, on the target, too. */
  readonly release: string;
}

/** Where the parts are until they are whole, by the process that writes them. */
const STAGING = /^\.chorus-bundle\.(\d+)\.partial$/;
/** For the script and the checksums. */
const SPARE_BYTES = 2 ** 20;

/** What all parts of a bundle begin with. */
export function bundleName({ version, platform }: BundlePlan): string {
  return `chorus-${version}-${platformName(platform)}`;
}

async function refuseSecond(outDir: string): Promise<void> {
  const names = await readdir(outDir);
  const other = names.find(
    (name) => /^chorus-.*\.part-\d+$/.test(name) || [SUMS_NAME, SCRIPT_NAME].includes(name),
  );
  if (other === undefined) return;
  const message = `${outDir} has a bundle already (${other}). Name another --out, or remove it.`;
  throw new ChorusError('conflict', message);
}

async function checkSpace(totalBytes: number, options: WriteOptions): Promise<void> {
  const needBytes = totalBytes + SPARE_BYTES;
  const freeBytes = await (options.freeBytes ?? freeOnDisk)(options.outDir);
  if (freeBytes >= needBytes) return;
  const message =
    `Too little disk: ${sayBytes(needBytes)} are needed in ${options.outDir}, and ` +
    `${sayBytes(freeBytes)} are free. Nothing was written. Make room, or name another --out.`;
  throw new ChorusError('storage_full', message, { needBytes, freeBytes });
}

async function writeSmall(dir: string, name: string, text: string): Promise<WrittenPart> {
  await writeFile(join(dir, name), text, { flush: true });
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name, bytes: Buffer.byteLength(text), sha256 };
}

async function writeParts(
  plan: BundlePlan,
  dir: string,
  options: WriteOptions & { readonly totalBytes: number },
): Promise<WrittenParts> {
  const { totalBytes, signal, report } = options;
  const name = bundleName(plan);
  const partBytes = options.partBytes ?? totalBytes;
  const parts = new PartWriter({ dir, name, partBytes, totalBytes });
  let writtenBytes = 0;
  try {
    await writeArchive(
      orderedEntries(plan),
      async (bytes) => {
        await parts.write(bytes);
        writtenBytes += bytes.length;
        report?.({ writtenBytes, totalBytes, part: parts.current });
      },
      signal,
    );
    return await parts.finish();
  } finally {
    await parts.close();
  }
}

/** Gives the files their places. The script is last: without it nothing looks like a bundle. */
async function publish(staging: string, outDir: string, names: readonly string[]): Promise<void> {
  const placed: string[] = [];
  try {
    for (const name of names) {
      await rename(join(staging, name), join(outDir, name));
      placed.push(name);
    }
    await flush(outDir);
  } catch (caught) {
    await Promise.all(placed.map((name) => rm(join(outDir, name), { force: true })));
    throw caught;
  }
}

async function writeStaged(
  plan: BundlePlan,
  staging: string,
  options: WriteOptions,
): Promise<WrittenBundle> {
  const { outDir } = options;
  const totalBytes = archiveBytes(orderedEntries(plan));
  await checkSpace(totalBytes, options);
  await mkdir(staging);
  const archive = await writeParts(plan, staging, { ...options, totalBytes });
  const script = await writeSmall(staging, SCRIPT_NAME, await installScript(plan, archive));
  await writeSmall(staging, SUMS_NAME, sumsText(archive, [script]));
  options.signal?.throwIfAborted();
  // Another process may have been quicker.
  await refuseSecond(outDir);
  const names = [...archive.parts.map(({ name }) => name), SUMS_NAME, SCRIPT_NAME];
  await publish(staging, outDir, names);
  return { ...archive, release: releaseName(plan, archive) };
}

/** Removes what killed runs have left. No lock file: sticks with FAT have no hard links. */
async function removeLeftovers(outDir: string): Promise<void> {
  for (const name of await readdir(outDir)) {
    const pid = Number(STAGING.exec(name)?.[1] ?? 0);
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) {
      await rm(join(outDir, name), { recursive: true, force: true });
    }
  }
}

function explained(caught: unknown, { outDir }: WriteOptions): unknown {
  const { code } = caught as NodeJS.ErrnoException;
  const cause = { cause: caught };
  if (code === 'ENOSPC') {
    const message = `The disk of ${outDir} is full. Nothing was made. Make room, or name another --out.`;
    return new ChorusError('storage_full', message, {}, cause);
  }
  if (code !== 'EFBIG') return caught;
  const message = `The file system of ${outDir} takes no file so large: say --split 1G.`;
  return new ChorusError('invalid_value', message, {}, cause);
}

/**
 * Writes a bundle: all of it, or nothing that looks like one. What a killed run has left in the
 * folder is removed first.
 * @throws ChorusError `conflict` if the folder has a bundle already; `storage_full` if there is too
 *   little room; the signal's reason if it is aborted.
 */
export async function writeBundle(plan: BundlePlan, options: WriteOptions): Promise<WrittenBundle> {
  const { outDir } = options;
  await mkdir(outDir, { recursive: true });
  await refuseSecond(outDir);
  await removeLeftovers(outDir);
  const staging = join(outDir, `.chorus-bundle.${process.pid}.partial`);
  try {
    return await writeStaged(plan, staging, options);
  } catch (caught) {
    throw explained(caught, options);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
