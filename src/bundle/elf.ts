/** What a Linux program or library asks of the system. Source: System V ABI, "ELF-64 Object File Format". */
import { open, type FileHandle } from 'node:fs/promises';
import { newerVersion } from './versions.js';

/** What is read of a program or library. */
export interface ElfFile {
  /** Node's name of the processor; undefined = one that Node does not run on. */
  readonly arch: string | undefined;
  /** Libraries that the loader must find, such as `libc.so.6`. */
  readonly needed: readonly string[];
  /** The newest glibc that it asks for, such as `2.28`. */
  readonly glibc: string | undefined;
}

const HEADER_BYTES = 64;
const MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };
const SEGMENT = { load: 1, dynamic: 2 } as const;
const TAG = { end: 0, needed: 1, strings: 5, stringBytes: 10 } as const;
/** A table of names that is larger is none. */
const MAX_TABLE_BYTES = 256 * 2 ** 20;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

async function read(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  if (bytes > MAX_TABLE_BYTES) return Buffer.alloc(0);
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

async function segmentsOf(file: FileHandle, head: Buffer): Promise<Segment[]> {
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  const table = await read(file, Number(head.readBigUInt64LE(32)), size * count);
  return Array.from({ length: Math.floor(table.length / Math.max(size, 56)) }, (_, index) => {
    const at = index * size;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}

/** The dynamic section as pairs of tag and value. */
function dynamicTags(section: Buffer): [tag: number, value: number][] {
  const pairs: [number, number][] = [];
  for (let at = 0; at + 16 <= section.length; at += 16) {
    const tag = Number(section.readBigUInt64LE(at));
    if (tag === TAG.end) break;
    pairs.push([tag, Number(section.readBigUInt64LE(at + 8))]);
  }
  return pairs;
}

function textAt(table: Buffer, offset: number): string {
  return table.toString('latin1', offset, Math.max(table.indexOf(0, offset), offset));
}

/** Names of versions stand in the table of names; glibc alone has some that begin so. */
function newestGlibc(table: Buffer): string | undefined {
  const found = table.toString('latin1').matchAll(/\0GLIBC_(\d+\.\d+)/g);
  return [...found].map(([, version]) => version).reduce(newerVersion, undefined);
}

async function readOpened(file: FileHandle): Promise<ElfFile | undefined> {
  const head = await read(file, 0, HEADER_BYTES);
  // 64 bits, the least significant byte first: all that Node's own builds for Linux are.
  const isElf = head.length === HEADER_BYTES && head.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
  if (!isElf) return undefined;
  const arch = MACHINES[head.readUInt16LE(18)];
  const segments = await segmentsOf(file, head);
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) return { arch, needed: [], glibc: undefined };
  const tags = dynamicTags(await read(file, dynamic.offset, dynamic.bytes));
  const valueOf = (wanted: number): number => tags.find(([tag]) => tag === wanted)?.[1] ?? 0;
  const address = valueOf(TAG.strings);
  const home = segments.find(
    (one) =>
      one.type === SEGMENT.load && address >= one.address && address < one.address + one.bytes,
  );
  if (home === undefined) return { arch, needed: [], glibc: undefined };
  const offset = address - home.address + home.offset;
  const table = await read(file, offset, valueOf(TAG.stringBytes));
  const needed = tags.flatMap(([tag, at]) => (tag === TAG.needed ? [textAt(table, at)] : []));
  return { arch, needed, glibc: newestGlibc(table) };
}

/** Reads what a program or library asks for; undefined if the file is neither. */
export async function readElf(path: string): Promise<ElfFile | undefined> {
  const file = await open(path);
  try {
    return await readOpened(file);
  } finally {
    await file.close();
  }
}
