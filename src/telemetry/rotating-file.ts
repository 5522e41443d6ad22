import { constants } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { exists, hasCode, rotateFile } from './rotation.js';

const NEWLINE = 0x0a;
/** Longest piece written at once; the system keeps it in one piece where several processes append. */
const MAX_PIECE_BYTES = 64 * 1024;
const WRITE_UNDER_WAY_MS = 50;
const OPEN_FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;

/** Where the lines go, and when a new file is begun. */
export interface RotatingFileOptions {
  readonly path: string;
  /** 0 = never rotated. */
  readonly maxBytes: number;
  /** Old files that are kept; 0 = never rotated. */
  readonly backupCount: number;
}

/**
 * A log file of bounded size that is never truncated: whole lines are appended, and a file that is
 * full is moved aside by `rotateFile`. Before each piece it looks at the file itself, never at a
 * count of its own: so what is there already counts, other processes may append too, and whoever
 * moves the file away is followed.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #backupCount: number;
  #handle: FileHandle | undefined;

  constructor({ path, maxBytes, backupCount }: RotatingFileOptions) {
    this.#path = path;
    this.#backupCount = backupCount;
    this.#maxBytes = maxBytes > 0 && backupCount > 0 ? maxBytes : Infinity;
  }

  /**
   * Appends the first of some whole lines, as many as fit into the file and into one write.
   * @returns How many bytes of them it took; 0 = the file is full, `rotate` it first.
   */
  async append(lines: Buffer): Promise<number> {
    const handle = await this.#current();
    const { size } = await handle.stat();
    const piece = firstLines(lines, Math.min(this.#maxBytes - size, MAX_PIECE_BYTES));
    if (size > 0 && size + piece.length > this.#maxBytes) return 0;
    return this.#write(handle, piece);
  }

  /** Appends the first line whatever the size, where the file cannot be rotated. */
  async overfill(lines: Buffer): Promise<number> {
    return this.#write(await this.#current(), firstLines(lines, 0));
  }

  /** Moves the file aside. @returns False if another process is doing it just now. */
  async rotate(): Promise<boolean> {
    return rotateFile({
      path: this.#path,
      backupCount: this.#backupCount,
      isDue: async () => this.#handle !== undefined && (await this.#isAtPath(this.#handle)),
    });
  }

  /** Closes the file; the next line opens it again. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(handle: FileHandle, piece: Buffer): Promise<number> {
    await handle.appendFile(piece);
    return piece.length;
  }

  async #current(): Promise<FileHandle> {
    if (this.#handle && (await this.#isAtPath(this.#handle))) return this.#handle;
    const isFollowing = this.#handle !== undefined;
    await this.close();
    this.#handle = await openFile(this.#path);
    if (!isFollowing) await endTornLine(this.#handle);
    return this.#handle;
  }

  async #isAtPath(handle: FileHandle): Promise<boolean> {
    const [ours, theirs] = await Promise.all([
      handle.stat({ bigint: true }),
      stat(this.#path, { bigint: true }).catch(() => undefined),
    ]);
    return ours.ino === theirs?.ino && ours.dev === theirs.dev;
  }
}

/** As many whole lines as fit; the first one alone where not even that fits. */
function firstLines(lines: Buffer, roomBytes: number): Buffer {
  const end = roomBytes > 0 ? lines.lastIndexOf(NEWLINE, roomBytes - 1) + 1 : 0;
  return lines.subarray(0, end > 0 ? end : lines.indexOf(NEWLINE) + 1);
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS);
  } catch (caught) {
    if (!hasCode(caught, 'ENOENT')) throw caught;
    await makeFolder(dirname(path));
    return open(path, OPEN_FLAGS);
  }
}

/** Node's own recursive mkdir never ends where a file system answers ENOENT to mkdir, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  if (await exists(path)) return;
  await makeFolder(dirname(path));
  await mkdir(path).catch((caught: unknown) => {
    if (!hasCode(caught, 'EEXIST')) throw caught;
  });
}

/** A full disk, or a process that was killed, may have left half a line: the next begins its own. */
async function endTornLine(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  if (size === 0 || (await byteAt(handle, size - 1)) === NEWLINE) return;
  // A write of another process that is under way looks the same, but goes on at once.
  await setTimeout(WRITE_UNDER_WAY_MS);
  if ((await handle.stat()).size === size) await handle.appendFile('\n');
}

async function byteAt(handle: FileHandle, position: number): Promise<number | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, position);
  return bytesRead === 1 ? buffer[0] : undefined;
}
