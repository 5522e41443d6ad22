import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contains, libraryFault, readLibrary } from '../../src/cuda/library.js';
import { writeStandIn } from '../../src/cuda/stand-in-driver.js';
import { compileLibrary } from '../support/cuda-libraries.js';

let folder: string;
let library: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-elf-'));
  library = await compileLibrary(folder, 'libchorus-test.so.1');
});
afterAll(() => rm(folder, { recursive: true }));

async function variant(name: string, change: (bytes: Buffer) => Buffer | void): Promise<string> {
  const bytes = await readFile(library);
  const path = join(folder, name);
  await writeFile(path, change(bytes) ?? bytes);
  return path;
}

test('a library tells its name, what it needs, and its symbols', async () => {
  const { soname, needed, names } = await readLibrary(library);
  expect(soname).toBe('libchorus-test.so.1');
  expect(needed).not.toContain('libchorus-test.so.1');
  expect(names).toContain('marks');
  const other = await compileLibrary(folder, 'libchorus-other.so.2', { needs: library });
  expect((await readLibrary(other)).needed).toContain('libchorus-test.so.1');
  expect(await libraryFault(library)).toBeUndefined();
  expect(await libraryFault(library, 'libother.so.1')).toBe('it calls itself libchorus-test.so.1');
});

test.each<[string, (bytes: Buffer) => Buffer | void, RegExp]>([
  ['half of it', (bytes) => bytes.subarray(0, bytes.length / 2), /^it is cut short$/],
  ['its last byte less', (bytes) => bytes.subarray(0, -1), /^it is cut short$/],
  ['a head alone', (bytes) => bytes.subarray(0, 64), /^it is cut short$/],
  ['nothing', () => Buffer.alloc(0), /no 64-bit shared library/],
  ['text', () => Buffer.from('#'.repeat(500)), /no 64-bit shared library/],
  ['another machine’s', (bytes) => void bytes.writeUInt16LE(183, 18), /^it is not for x64$/],
  ['a program', (bytes) => void bytes.writeUInt16LE(2, 16), /no 64-bit shared library/],
  ['a head with wild numbers', (bytes) => void bytes.writeUInt16LE(60_000, 56), /damaged/],
])('%s is told', async (name, change, fault) => {
  expect(await libraryFault(await variant(`${name.length}.so`, change))).toMatch(fault);
});

test('whatever byte of the head is wrong, it is told or does not matter, and ends', async () => {
  const bytes = await readFile(library);
  const path = join(folder, 'flipped.so');
  for (let at = 0; at < 64; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = 0xff - (flipped[at] ?? 0);
    await writeFile(path, flipped);
    const fault = await libraryFault(path);
    expect(fault === undefined || fault.length < 60).toBe(true);
  }
});

test('bytes are found across the borders of what is read at once', async () => {
  const path = join(folder, 'large');
  const wanted = Buffer.from('\u00001.30.0\u0000', 'latin1');
  const at = (1 << 20) - 3;
  const bytes = Buffer.alloc(3 << 20, 0x41);
  wanted.copy(bytes, at);
  await writeFile(path, bytes);
  expect(await contains(path, wanted)).toBe(true);
  await truncate(path, at + 3);
  expect(await contains(path, wanted)).toBe(false);
});

test('what stands in for a driver loads, and each of its functions says that there is no device', async () => {
  const path = join(folder, 'libchorus-stand-in.so.1');
  const functions = ['cuInit', 'cuTensorMapEncodeTiled', 'cuLast'];
  await writeStandIn(path, { soname: 'libchorus-stand-in.so.1', functions });
  expect(await readLibrary(path)).toMatchObject({ soname: 'libchorus-stand-in.so.1', needed: [] });
  const loaded = koffi.load(path);
  for (const name of functions) expect(loaded.func(`int ${name}(int x)`)(7)).toBe(100);
  expect(() => loaded.func('int cuOther(void)')).toThrow('cuOther');
});
