import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** One part of an archive that was written. */
export interface WrittenPart {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** An archive that was written. */
export interface WrittenParts {
  readonly parts: readonly WrittenPart[];
  readonly bytes: number;
  /** Of the parts joined in their order. */
  readonly sha256: string;
}

interface OpenPart {
  readonly name: string;
  readonly file: FileHandle;
  readonly hash: Hash;
  bytes: number;
}

/** At least so many digits: the order of the names is the order of the parts. */
const MIN_DIGITS = 3;

/** Writes bytes to files of at most a given size, and takes hashes on the way. */
export class PartWriter {
  readonly #dir: string;
  readonly #name: string;
  readonly #partBytes: number;
  readonly #digits: number;
  readonly #whole = createHash('sha256');
  readonly #parts: WrittenPart[] = [];
  #open: OpenPart | undefined;
  #bytes = 0;

  constructor(options: {
    readonly dir: string;
    /** What every part's name begins with. */
    readonly name: string;
    readonly partBytes: number;
    readonly totalBytes: number;
  }) {
    this.#dir = options.dir;
    this.#name = options.name;
    this.#partBytes = options.partBytes;
    const parts = Math.ceil(options.totalBytes / options.partBytes);
    this.#digits = Math.max(String(parts - 1).length, MIN_DIGITS);
  }

  /** The name of the part that is being written. */
  get current(): string {
    return this.#nameOf(this.#open === undefined ? this.#parts.length - 1 : this.#parts.length);
  }

  /** Writes the next bytes; the buffer may be used again afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#whole.update(bytes);
    this.#bytes += bytes.length;
    for (let rest = bytes; rest.length > 0;) {
      const part = (this.#open ??= await this.#begin());
      const piece = rest.subarray(0, this.#partBytes - part.bytes);
      part.hash.update(piece);
      await writeAll(part.file, piece);
      part.bytes += piece.length;
      rest = rest.subarray(piece.length);
      if (part.bytes === this.#partBytes) await this.#end();
    }
  }

  /** Ends the last part. */
  async finish(): Promise<WrittenParts> {
    await this.#end();
    return { parts: this.#parts, bytes: this.#bytes, sha256: this.#whole.digest('hex') };
  }

  /** Closes what is open, on the way out of a failure. */
  async close(): Promise<void> {
    await this.#open?.file.close();
    this.#open = undefined;
  }

  #nameOf(index: number): string {
    return `${this.#name}.part-${String(Math.max(index, 0)).padStart(this.#digits, '0')}`;
  }

  async #begin(): Promise<OpenPart> {
    const name = this.#nameOf(this.#parts.length);
    const file = await open(join(this.#dir, name), 'wx');
    return { name, file, hash: createHash('sha256'), bytes: 0 };
  }

  async #end(): Promise<void> {
    const part = this.#open;
    if (part === undefined) return;
    await part.file.sync();
    await this.close();
    this.#parts.push({ name: part.name, bytes: part.bytes, sha256: part.hash.digest('hex') });
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}
