import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { flush } from '../processes/flush.js';
import { abortable } from '../models/pull/abortable.js';
import { openWheel } from '../models/pull/archives.js';
import type { OpenedPackage } from '../models/pull/archives.js';
import { hashFile } from '../models/pull/content-cache.js';
import { gather } from '../models/pull/gather.js';
import { ChorusError } from '../protocol/errors.js';

/** The file name of a wheel as PEP 427 has it: name-version(-build)?-python-abi-platform.whl. */
const WHEEL_NAME = /^([A-Za-z0-9_.]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/;
const MAX_RECORD_BYTES = 4 << 20;

/** What a wheel's file name says. */
export interface WheelName {
  /** The package as PyPI writes it: small letters and hyphens. */
  readonly package: string;
  readonly version: string;
  readonly platform: string;
}

/** A file that now lies where it was wanted, as its source described it. */
export interface PlacedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** How to take files out of a wheel. */
export interface Unpacking {
  readonly path: string;
  /** Which of its files are wanted, by their name without folders. */
  readonly wanted: (name: string) => boolean;
  readonly dir: string;
  readonly signal?: AbortSignal | undefined;
}

interface RecordedFile {
  readonly member: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads a wheel's file name; undefined if it is none. */
export function parseWheelName(path: string): WheelName | undefined {
  const [, name, version, platform] = WHEEL_NAME.exec(basename(path)) ?? [];
  if (name === undefined || version === undefined || platform === undefined) return undefined;
  return { package: name.toLowerCase().replaceAll(/[_.]+/g, '-'), version, platform };
}

/**
 * Takes files out of a wheel and verifies each against the wheel's own record of SHA-256 sums.
 * @throws ChorusError `unavailable` if the wheel is cut short or not what its record says.
 */
export async function unpackWheel(unpacking: Unpacking): Promise<readonly PlacedFile[]> {
  const { path, wanted, dir, signal } = unpacking;
  try {
    const wheel = openWheel(path);
    const files = await recordedFiles(wheel, path);
    const placed: PlacedFile[] = [];
    for (const file of files.filter(({ name }) => wanted(name))) {
      signal?.throwIfAborted();
      placed.push(await unpackFile(wheel, file, { dir, signal }));
    }
    return placed;
  } catch (caught) {
    if (signal?.aborted === true || isRefusalOfDisk(caught)) throw caught;
    throw broken(path, caught);
  }
}

function isRefusalOfDisk(caught: unknown): boolean {
  return caught instanceof Error && 'syscall' in caught;
}

function broken(path: string, caught: unknown): ChorusError {
  const reason = caught instanceof Error ? caught.message : String(caught);
  const message =
    `${basename(path)} is damaged, or is only a part of the download (${reason}). Nothing was ` +
    'installed. Fetch it anew.';
  return new ChorusError('unavailable', message, {}, { cause: caught });
}

/** Reads the record (PEP 376): a line of path, sum and size for each file. */
async function recordedFiles(wheel: OpenedPackage, path: string): Promise<RecordedFile[]> {
  const [name, version] = basename(path).split('-');
  const stream = await wheel.member(`${name}-${version}.dist-info/RECORD`);
  if (stream === undefined) throw new Error('it has no record of its files');
  const lines = (await textOf(stream)).split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, member, sum, size] = /^([^",]+),sha256=([\w-]{43}),(\d{1,15})$/.exec(line) ?? [];
    if (member === undefined || sum === undefined) return [];
    const sha256 = Buffer.from(sum, 'base64url').toString('hex');
    return [{ member, name: basename(member), sha256, bytes: Number(size) }];
  });
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_RECORD_BYTES) throw new Error('its record is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function unpackFile(
  wheel: OpenedPackage,
  { member, name, sha256, bytes }: RecordedFile,
  { dir, signal }: Pick<Unpacking, 'dir' | 'signal'>,
): Promise<PlacedFile> {
  const stream = await wheel.member(member);
  if (stream === undefined) throw new Error(`it has no ${member}`);
  const path = join(dir, name);
  const chunks = abortable(stream as AsyncIterable<Uint8Array>, signal);
  const got = await gather({ path, maxBytes: bytes, fromByte: 0, chunks, onBytes: () => {} });
  if (got.sha256 !== sha256) throw new Error(`${name} is not what its record says`);
  await flush(path);
  return { name, bytes, sha256 };
}

/** Copies a file and hashes it on the way; what was written is on the disk then. */
export async function copyHashed(copy: {
  readonly from: string;
  readonly dir: string;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<PlacedFile> {
  const path = join(copy.dir, copy.name);
  const stream = createReadStream(copy.from, { highWaterMark: 1 << 20 });
  const chunks = abortable(stream as AsyncIterable<Uint8Array>, copy.signal);
  const all = { path, maxBytes: Number.POSITIVE_INFINITY, fromByte: 0 };
  const { bytes, sha256 } = await gather({ ...all, chunks, onBytes: () => {} });
  await flush(path);
  return { name: copy.name, bytes, sha256 };
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  return (await hashFile(path, undefined, signal)).digest('hex');
}
