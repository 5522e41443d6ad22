import { writeFile } from 'node:fs/promises';

/*
 * A shared library that stands in for the driver's on machines without one, so that a check can load
 * what needs the driver's names. Each of its functions answers CUDA_ERROR_NO_DEVICE. Workers never
 * see it. Format: System V ABI, AMD64 supplement, chapters 4 and 5.
 */

const PAGE = 0x1000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SYMBOL_BYTES = 24;
const NO_DEVICE = 100;
/** `mov eax, 100; ret` */
const CODE = Buffer.from([0xb8, NO_DEVICE, 0, 0, 0, 0xc3]);
const GLOBAL_FUNCTION = 0x12;
const READ_EXECUTE = 5;
const READ_WRITE = 6;
const TAG = { hash: 4, names: 5, symbols: 6, namesBytes: 10, symbolBytes: 11, soname: 14 } as const;

/** Writes a library of a name that exports functions, all of which say that there is no device. */
export async function writeStandIn(
  path: string,
  { soname, functions }: { readonly soname: string; readonly functions: readonly string[] },
): Promise<void> {
  await writeFile(path, standIn(soname, functions));
}

function standIn(soname: string, functions: readonly string[]): Buffer {
  const texts = Buffer.from(`\0${[soname, ...functions].join('\0')}\0`, 'latin1');
  const codeAt = HEADER_BYTES + 3 * SEGMENT_BYTES;
  const symbolsAt = codeAt + 8;
  const symbols = symbolTable(functions, { codeAt, firstNameAt: soname.length + 2 });
  const hashAt = symbolsAt + symbols.length;
  const hash = hashTable(functions.length + 1);
  const textsAt = hashAt + hash.length;
  const head = Buffer.concat([symbols, hash, texts]);
  const readOnlyBytes = symbolsAt + head.length;
  const dynamicAt = Math.ceil(readOnlyBytes / PAGE) * PAGE;
  const dynamic = dynamicTable([
    [TAG.soname, 1],
    [TAG.hash, hashAt],
    [TAG.names, textsAt],
    [TAG.namesBytes, texts.length],
    [TAG.symbols, symbolsAt],
    [TAG.symbolBytes, SYMBOL_BYTES],
    [0, 0],
  ]);
  const library = Buffer.alloc(dynamicAt + dynamic.length);
  fileHeader(3).copy(library);
  const writable = { at: dynamicAt, bytes: dynamic.length, flags: READ_WRITE };
  [
    segment({ type: 1, at: 0, bytes: readOnlyBytes, flags: READ_EXECUTE }),
    segment({ type: 1, ...writable }),
    segment({ type: 2, ...writable }),
  ].forEach((entry, index) => entry.copy(library, HEADER_BYTES + index * SEGMENT_BYTES));
  CODE.copy(library, codeAt);
  head.copy(library, symbolsAt);
  dynamic.copy(library, dynamicAt);
  return library;
}

function fileHeader(segments: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('7f454c46020101', 'hex');
  header.writeUInt16LE(3, 16); // A shared library,
  header.writeUInt16LE(62, 18); // for x86-64,
  header.writeUInt32LE(1, 20); // of the one version there is.
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(SEGMENT_BYTES, 54);
  header.writeUInt16LE(segments, 56);
  header.writeUInt16LE(64, 58);
  return header;
}

function segment(wanted: {
  readonly type: number;
  readonly at: number;
  readonly bytes: number;
  readonly flags: number;
}): Buffer {
  const entry = Buffer.alloc(SEGMENT_BYTES);
  entry.writeUInt32LE(wanted.type, 0);
  entry.writeUInt32LE(wanted.flags, 4);
  for (const field of [8, 16, 24]) entry.writeBigUInt64LE(BigInt(wanted.at), field);
  for (const field of [32, 40]) entry.writeBigUInt64LE(BigInt(wanted.bytes), field);
  entry.writeBigUInt64LE(BigInt(wanted.type === 1 ? PAGE : 8), 48);
  return entry;
}

function symbolTable(
  functions: readonly string[],
  { codeAt, firstNameAt }: { readonly codeAt: number; readonly firstNameAt: number },
): Buffer {
  const table = Buffer.alloc((functions.length + 1) * SYMBOL_BYTES);
  let nameAt = firstNameAt;
  for (const [index, name] of functions.entries()) {
    const at = (index + 1) * SYMBOL_BYTES;
    table.writeUInt32LE(nameAt, at);
    table.writeUInt8(GLOBAL_FUNCTION, at + 4);
    table.writeUInt16LE(1, at + 6); // Any section: it is defined.
    table.writeBigUInt64LE(BigInt(codeAt), at + 8);
    table.writeBigUInt64LE(BigInt(CODE.length), at + 16);
    nameAt += name.length + 1;
  }
  return table;
}

/** One bucket with all symbols in a chain. Padded, because entries that follow are of 8 bytes. */
function hashTable(symbols: number): Buffer {
  const words = [1, symbols, symbols > 1 ? 1 : 0];
  for (let index = 0; index < symbols; index += 1) {
    words.push(index === 0 || index === symbols - 1 ? 0 : index + 1);
  }
  const table = Buffer.alloc(Math.ceil(words.length / 2) * 8);
  for (const [index, word] of words.entries()) table.writeUInt32LE(word, index * 4);
  return table;
}

function dynamicTable(entries: readonly (readonly [number, number])[]): Buffer {
  const table = Buffer.alloc(entries.length * 16);
  for (const [index, [tag, value]] of entries.entries()) {
    table.writeBigUInt64LE(BigInt(tag), index * 16);
    table.writeBigUInt64LE(BigInt(value), index * 16 + 8);
  }
  return table;
}
