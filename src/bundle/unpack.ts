/**
 * Unpacks the archive of a bundle on its target: `node unpack.mjs FOLDER SHA256 GLIBC`, with the
 * paths of the parts on standard input, a line each. One file without imports of ours, because it is
 * taken out of the archive before anything else is. It trusts nothing that it reads.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join, posix } from 'node:path';

const BLOCK_BYTES = 512;
const BUFFER_BYTES = 4 * 2 ** 20;
/** Names of files, and nothing longer. */
const MAX_RECORD_BYTES = 64 * 2 ** 10;
const MAX_FILE_BYTES = 2 ** 43;

class Refusal extends Error {}

function refuse(message: string): never {
  throw new Refusal(message);
}

/** The parts as one run of bytes, hashed on the way. */
class Joined {
  readonly #paths: readonly string[];
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #next = 0;
  #fd: number | undefined;
  #held = this.#buffer.subarray(0, 0);
  bytes = 0;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** The next bytes, at most so many; empty at the end. Good until the next call. */
  take(most: number): Buffer {
    if (this.#held.length === 0) this.#fill();
    const taken = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(taken.length);
    this.bytes += taken.length;
    return taken;
  }

  /** Exactly so many bytes. */
  exactly(bytes: number): Buffer {
    const pieces: Buffer[] = [];
    for (let left = bytes; left > 0;) {
      const piece = this.take(left);
      if (piece.length === 0) refuse('the archive ends too early');
      pieces.push(Buffer.from(piece));
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** The hash of everything; reads on to the end. */
  digest(): string {
    while (this.take(BUFFER_BYTES).length > 0);
    return this.#hash.digest('hex');
  }

  #fill(): void {
    while (this.#fd !== undefined || this.#next < this.#paths.length) {
      this.#fd ??= fs.openSync(this.#paths[this.#next++] ?? '', 'r');
      const read = fs.readSync(this.#fd, this.#buffer);
      if (read > 0) {
        this.#held = this.#buffer.subarray(0, read);
        this.#hash.update(this.#held);
        return;
      }
      fs.closeSync(this.#fd);
      this.#fd = undefined;
    }
  }
}

interface Header {
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  readonly isExecutable: boolean;
  readonly target: string;
  readonly timeSeconds: number;
}

function text(block: Buffer, at: number, bytes: number): string {
  const field = block.subarray(at, at + bytes);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? bytes : end);
}

function octal(block: Buffer, at: number, bytes: number): number {
  const digits = text(block, at, bytes).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : refuse('a header is damaged');
}

function headerOf(block: Buffer): Header {
  const sum = octal(block, 148, 8);
  const counted = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== counted || text(block, 257, 6) !== 'ustar') refuse('a header is damaged');
  const prefix = text(block, 345, 155);
  return {
    path: (prefix === '' ? '' : `${prefix}/`) + text(block, 0, 100),
    type: text(block, 156, 1),
    bytes: octal(block, 124, 12),
    isExecutable: (octal(block, 100, 8) & 0o100) !== 0,
    target: text(block, 157, 100),
    timeSeconds: octal(block, 136, 12),
  };
}

/** Records that stand before a header and say what does not fit into it. */
function recordsOf(archive: Joined, bytes: number): Map<string, string> {
  if (bytes > MAX_RECORD_BYTES) refuse('a header is damaged');
  let rest = archive.exactly(bytes);
  archive.exactly(paddingAfter(bytes));
  const records = new Map<string, string>();
  while (rest.length > 0) {
    const length = Number(rest.toString('latin1', 0, Math.max(rest.indexOf(' '), 0)));
    const line = rest.toString('utf8', rest.indexOf(' ') + 1, length - 1);
    const equals = line.indexOf('=');
    if (!(length > 0 && length <= rest.length) || equals < 1) refuse('a header is damaged');
    records.set(line.slice(0, equals), line.slice(equals + 1));
    rest = rest.subarray(length);
  }
  return records;
}

function paddingAfter(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** The next file; undefined at the end of the archive. */
function nextHeader(archive: Joined): Header | undefined {
  let block = archive.exactly(BLOCK_BYTES);
  if (block.every((byte) => byte === 0)) return undefined;
  let header = headerOf(block);
  if (header.type !== 'x') return header;
  const records = recordsOf(archive, header.bytes);
  block = archive.exactly(BLOCK_BYTES);
  header = headerOf(block);
  const bytes = Number(records.get('size') ?? header.bytes);
  if (!Number.isSafeInteger(bytes) || bytes < 0) refuse('a header is damaged');
  const path = records.get('path') ?? header.path;
  return { ...header, bytes, path, target: records.get('linkpath') ?? header.target };
}

/** A path that stays inside, and is written in one way only. */
function isInside(path: string): boolean {
  return (
    path !== '' &&
    !/[\0\\]/.test(path) &&
    path.split('/').every((name) => !['', '.', '..'].includes(name))
  );
}

/** Writes files below one folder, each once, never through a link. */
class Folder {
  readonly #root: string;
  readonly #made = new Set<string>();
  readonly #links = new Set<string>();

  constructor(root: string) {
    this.#root = root;
    fs.mkdirSync(root);
  }

  link({ path, target, timeSeconds }: Header): void {
    const end = posix.join(posix.dirname(path), target);
    if (posix.isAbsolute(target) || !isInside(end)) refuse(`${path} is a link that leads out`);
    fs.symlinkSync(target, this.#place(path));
    fs.lutimesSync(join(this.#root, path), timeSeconds, timeSeconds);
    this.#links.add(path);
  }

  file(header: Header, archive: Joined): void {
    if (header.bytes > MAX_FILE_BYTES) refuse('a header is damaged');
    // What is there already, a link above all, is never written to.
    const flags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;
    const fd = fs.openSync(this.#place(header.path), flags, header.isExecutable ? 0o755 : 0o644);
    try {
      copy(archive, header.bytes, fd);
      fs.futimesSync(fd, header.timeSeconds, header.timeSeconds);
    } finally {
      fs.closeSync(fd);
    }
    archive.exactly(paddingAfter(header.bytes));
  }

  #place(path: string): string {
    if (!isInside(path)) refuse(`the path ${JSON.stringify(path)} leads out of the folder`);
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) {
      if (this.#links.has(at)) refuse(`${path} lies behind a link`);
    }
    const folder = dirname(join(this.#root, path));
    if (!this.#made.has(folder)) fs.mkdirSync(folder, { recursive: true });
    this.#made.add(folder);
    return join(this.#root, path);
  }
}

function copy(archive: Joined, bytes: number, fd: number): void {
  for (let left = bytes; left > 0;) {
    const piece = archive.take(left);
    if (piece.length === 0) refuse('the archive ends too early');
    for (let at = 0; at < piece.length;) at += fs.writeSync(fd, piece, at);
    left -= piece.length;
  }
}

function unpack(folder: Folder, archive: Joined): void {
  for (let header = nextHeader(archive); header; header = nextHeader(archive)) {
    if (header.type === '0') folder.file(header, archive);
    else if (header.type === '2' && header.bytes === 0) folder.link(header);
    else refuse(`${header.path} is neither a file nor a link (type ${header.type})`);
  }
}

/** Refuses a machine whose C library is older than what is unpacked needs. */
function checkGlibc(needed: string): void {
  // Or it would look up the names of network addresses.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const here = report.header?.glibcVersionRuntime;
  if (needed === '-' || here === undefined) return;
  if (needed.localeCompare(here, 'en', { numeric: true }) <= 0) return;
  refuse(`glibc ${needed} or newer is needed, and this machine has ${here}: a newer system`);
}

function main([folder = '', sha256 = '', glibc = '-']: readonly string[]): void {
  checkGlibc(glibc);
  const paths = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
  const archive = new Joined(paths);
  unpack(new Folder(folder), archive);
  // What follows the end must be what the maker wrote, too.
  if (archive.digest() !== sha256) refuse('the parts joined are not what the bundle was made of');
}

try {
  main(process.argv.slice(2));
} catch (caught) {
  const code = caught instanceof Error && 'code' in caught ? caught.code : undefined;
  const words = caught instanceof Error ? caught.message : String(caught);
  const advice = code === 'ENOSPC' ? ' Make room, then run this again.' : '';
  process.stderr.write(`unpack: ${words}. Nothing was installed.${advice}\n`);
  process.exitCode = 1;
}
