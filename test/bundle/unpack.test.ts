import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeArchive } from '../../src/bundle/archive.js';
import type { BundleEntry } from '../../src/bundle/plan.js';
import { tarHeader } from '../../src/bundle/tar.js';

const UNPACKER = resolve('dist/src/bundle/unpack.js');

let dir: string;
let folder: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-unpack-'));
  folder = join(dir, 'release');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function file(path: string, text = 'content'): BundleEntry {
  return { path, content: { kind: 'text', text } };
}

function link(path: string, target: string): BundleEntry {
  return { path, content: { kind: 'link', target } };
}

async function archiveOf(entries: readonly BundleEntry[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await writeArchive(entries, async (bytes) => {
    pieces.push(Buffer.from(bytes));
  });
  return Buffer.concat(pieces);
}

interface Outcome {
  readonly code: number;
  readonly said: string;
}

async function unpack(
  archive: Buffer,
  given: { readonly sha256?: string; readonly glibc?: string } = {},
): Promise<Outcome> {
  const { sha256 = createHash('sha256').update(archive).digest('hex'), glibc = '-' } = given;
  const half = Math.floor(archive.length / 2);
  const parts = [archive.subarray(0, half), archive.subarray(half)];
  const paths = parts.map((_, index) => join(dir, `part-${index}`));
  for (const [index, path] of paths.entries()) await writeFile(path, parts[index]!);
  return new Promise((done) => {
    const parameters = [UNPACKER, folder, sha256, glibc];
    const child = execFile(process.execPath, parameters, (_error, _stdout, stderr) =>
      done({ code: child.exitCode ?? -1, said: stderr }),
    );
    child.stdin?.end(`${paths.join('\n')}\n`);
  });
}

describe('the unpacker', () => {
  test('writes files of any name and size, executables and links, all with the fixed time', async () => {
    const long = `${'deep/'.repeat(60)}${'n'.repeat(120)}.js`;
    const prefixed = `node_modules/@scope/${'d'.repeat(60)}/${'f'.repeat(90)}.js`;
    const large = 'x'.repeat(3 * 2 ** 20 + 17);
    const entries: BundleEntry[] = [
      { ...file('bin/run', '#!/bin/sh\n'), isExecutable: true },
      file(long, 'long'),
      file(prefixed, 'prefixed'),
      file('voices/Zoë 语.txt', 'é'),
      file('large', large),
      file('empty', ''),
      link('cuda/lib', 'lib-1/x'),
      link('cuda/far', `../${'deep/'.repeat(40)}x`),
    ];
    expect(await unpack(await archiveOf(entries))).toEqual({ code: 0, said: '' });
    for (const { path, content } of entries) {
      if (content.kind !== 'text') continue;
      expect(await readFile(join(folder, path), 'utf8')).toBe(content.text);
    }
    expect(await readlink(join(folder, 'cuda/far'))).toBe(`../${'deep/'.repeat(40)}x`);
    const run = await stat(join(folder, 'bin/run'));
    expect(run.mode & 0o777).toBe(0o755 & ~process.umask());
    expect(run.mtimeMs).toBe(315_532_800_000);
  });

  test.each([
    ['a path out of the folder', [file('../outside')]],
    ['a path out of the folder, further down', [file('a/../../outside')]],
    ['an absolute path', [file('/tmp/outside')]],
    ['a path with a backslash', [file('a\\..\\outside')]],
    ['a link that leads out', [link('l', '../outside')]],
    ['a link to an absolute path', [link('l', '/etc')]],
    ['a link that leads out by its folder', [link('a/l', '../../outside')]],
    ['a file behind a link', [link('l', 'a'), file('l/outside')]],
    ['a file in the place of a link', [link('l', 'outside'), file('l')]],
    ['the same file twice', [file('a'), file('a')]],
  ])('refuses %s', async (_, entries) => {
    const { code, said } = await unpack(await archiveOf(entries));
    expect(code).toBe(1);
    expect(said).toMatch(/^unpack: .*Nothing was installed\.\n$/);
    expect(existsSync(join(dir, 'outside'))).toBe(false);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });

  test.each(['1', '3', '5', '6', 'L'])('refuses an entry of type %s', async (type) => {
    const header = tarHeader(file('strange', ''));
    header.write(type, 156);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const { code, said } = await unpack(Buffer.concat([header, Buffer.alloc(1024)]));
    expect(code).toBe(1);
    expect(said).toContain('neither a file nor a link');
  });

  test('refuses an archive that is cut short, damaged in a header, or another than was made', async () => {
    const archive = await archiveOf([file('a'), file('b')]);
    expect((await unpack(archive.subarray(0, 1200))).said).toContain('ends too early');
    await rm(folder, { recursive: true });
    const bent = Buffer.from(archive);
    bent[3] = 0x41;
    expect((await unpack(bent)).said).toContain('a header is damaged');
    await rm(folder, { recursive: true });
    expect((await unpack(archive, { sha256: '0'.repeat(64) })).said).toContain(
      'not what the bundle',
    );
  });

  test('refuses a machine whose C library is too old', async () => {
    const archive = await archiveOf([file('a')]);
    const { code, said } = await unpack(archive, { glibc: '9.99' });
    expect(code).toBe(1);
    expect(said).toContain('glibc 9.99 or newer is needed');
    expect(existsSync(folder)).toBe(false);
  });
});
