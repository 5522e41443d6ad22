import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/*
 * As much of ELF as tells what a program or a library asks of a machine, and whether the file is
 * whole: System V ABI, AMD64 supplement, chapters 4 and 5. Every number of the file is bounded
 * before it is used.
 */

const MAGIC = '7f454c46020101'; // ELF, 64 bits, little endian, version 1.
const HEADER_BYTES = 64;
const TYPE_SHARED = 3;
const MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };
const SEGMENT_BYTES = 56;
const MAX_SEGMENTS = 256;
const LOAD = 1;
const DYNAMIC = 2;
const ENTRY_BYTES = 16;
const MAX_DYNAMIC_BYTES = 1 << 16;
const MAX_NAMES_BYTES = 1 << 26;
const TAG = { needed: 1n, names: 5n, namesBytes: 10n, soname: 14n } as const;

/** What a program or a library of Linux says of itself. */
export interface ElfFile {
  /** Node's name of the processor; undefined = one that Node does not run on. */
  readonly arch: string | undefined;
  /** Whether it can be loaded beside others: a library, or a program of today. */
  readonly isShared: boolean;
  /** What the loader reads; undefined = it needs no loader. */
  readonly dynamic: ElfDynamic | undefined;
}

/** What the loader reads of a file. */
export interface ElfDynamic {
  /** Its name for the loader; programs and many plug-ins have none. */
  readonly soname: string | undefined;
  /** Libraries that the loader brings with it, such as `libc.so.6`. */
  readonly needed: readonly string[];
  /** All names of its symbols and their versions, imported and exported, among others. */
  readonly names: readonly string[];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

/**
 * Reads the head of a program or library; undefined if the file is neither, of 64 bits.
 * @throws Error that says in a few words what is wrong with one: it is cut short, or damaged.
 */
export async function readElf(path: string): Promise<ElfFile | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < HEADER_BYTES) return undefined;
    const header = await read(file, { at: 0, bytes: HEADER_BYTES, size });
    if (header.toString('hex', 0, 7) !== MAGIC) return undefined;
    assertSections(header, size);
    const segments = await readSegments(file, header, size);
    return {
      arch: MACHINES[header.readUInt16LE(18)],
      isShared: header.readUInt16LE(16) === TYPE_SHARED,
      dynamic: await readDynamic(file, segments, size),
    };
  } finally {
    await file.close();
  }
}

async function read(
  file: FileHandle,
  { at, bytes, size }: { readonly at: number; readonly bytes: number; readonly size: number },
): Promise<Buffer> {
  if (!Number.isSafeInteger(at) || at + bytes > size) throw new Error('it is cut short');
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, at);
  if (bytesRead < bytes) throw new Error('it is cut short');
  return buffer;
}

/** The table of sections stands at the end of the file: half a file has not got it. */
function assertSections(header: Buffer, size: number): void {
  const end =
    Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
  if (end > size) throw new Error('it is cut short');
}

async function readSegments(file: FileHandle, header: Buffer, size: number): Promise<Segment[]> {
  const count = header.readUInt16LE(56);
  const at = Number(header.readBigUInt64LE(32));
  if (count > MAX_SEGMENTS || header.readUInt16LE(54) !== SEGMENT_BYTES) {
    throw new Error('its head is damaged');
  }
  const table = await read(file, { at, bytes: count * SEGMENT_BYTES, size });
  const segments = Array.from({ length: count }, (_, index) => {
    const start = index * SEGMENT_BYTES;
    const field = (offset: number): number => Number(table.readBigUInt64LE(start + offset));
    const type = table.readUInt32LE(start);
    return { type, offset: field(8), address: field(16), bytes: field(32) };
  });
  if (segments.some(({ offset, bytes }) => offset + bytes > size))
    throw new Error('it is cut short');
  return segments;
}

async function readDynamic(
  file: FileHandle,
  segments: readonly Segment[],
  size: number,
): Promise<ElfDynamic | undefined> {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return undefined;
  if (dynamic.bytes > MAX_DYNAMIC_BYTES) throw new Error('its head is damaged');
  const table = await read(file, { at: dynamic.offset, bytes: dynamic.bytes, size });
  const entries = Array.from({ length: Math.floor(table.length / ENTRY_BYTES) }, (_, index) => ({
    tag: table.readBigUInt64LE(index * ENTRY_BYTES),
    value: Number(table.readBigUInt64LE(index * ENTRY_BYTES + 8)),
  }));
  const valueOf = (tag: bigint): number | undefined =>
    entries.find((entry) => entry.tag === tag)?.value;
  const bytes = valueOf(TAG.namesBytes) ?? 0;
  if (bytes > MAX_NAMES_BYTES) throw new Error('its head is damaged');
  const names = await read(file, { at: offsetOf(segments, valueOf(TAG.names)), bytes, size });
  const nameAt = (at: number): string => {
    const end = names.indexOf(0, at);
    return names.toString('latin1', at, end === -1 ? undefined : end);
  };
  const soname = valueOf(TAG.soname);
  return {
    soname: soname === undefined ? undefined : nameAt(soname),
    needed: entries.filter(({ tag }) => tag === TAG.needed).map(({ value }) => nameAt(value)),
    names: names.toString('latin1').split('\0'),
  };
}

/** Where in the file lies what the loader puts at an address. */
function offsetOf(segments: readonly Segment[], address: number | undefined): number {
  const at = address ?? Number.NaN;
  const segment = segments.find(
    (one) => one.type === LOAD && at >= one.address && at < one.address + one.bytes,
  );
  if (segment === undefined) throw new Error('its head is damaged');
  return at - segment.address + segment.offset;
}
