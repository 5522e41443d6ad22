import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readMachineCode } from '../../src/bundle/machine-code.js';
import { machineName, nodeEntry, platformName, platformOf } from '../../src/bundle/node-binary.js';

const run = promisify(execFile);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-node-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the Node of a bundle', () => {
  test('is the binary itself, where it is called by a link', async () => {
    await symlink(process.execPath, join(dir, 'node'));
    const { path, content, isExecutable } = await nodeEntry(join(dir, 'node'));
    expect({ path, isExecutable }).toEqual({ path: 'bin/node', isExecutable: true });
    expect(content).toMatchObject({ bytes: expect.any(Number) as number });
  });

  test('is refused if it is cut into libraries of its own', async () => {
    await writeFile(join(dir, 'part.c'), 'int part(void) { return 0; }');
    await writeFile(join(dir, 'node.c'), 'int part(void); int main(void) { return part(); }');
    const part = join(dir, 'libnode.so.115');
    await run('cc', ['-shared', '-fPIC', '-o', part, join(dir, 'part.c')]);
    await run('cc', ['-o', join(dir, 'node'), join(dir, 'node.c'), part, `-Wl,-rpath,${dir}`]);
    await expect(nodeEntry(join(dir, 'node'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('libnode.so.115') as string,
    });
  });

  test('is refused if it is a script', async () => {
    await writeFile(join(dir, 'node'), '#!/bin/sh\nexec node "$@"\n');
    await expect(nodeEntry(join(dir, 'node'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('tells the platform, and the C library that it needs', async () => {
    const platform = await platformOf(process.execPath);
    expect(platformName(platform)).toMatch(new RegExp(`^linux-${process.arch}`));
    const { stdout } = await run('uname', ['-m']);
    expect(machineName(platform)).toBe(stdout.trim());
    expect((await readMachineCode(process.execPath))?.glibc).toMatch(/^2\.\d+$/);
  });

  test('is for Linux alone', async () => {
    const mac = { platform: 'darwin', arch: 'arm64' };
    await expect(platformOf(process.execPath, mac)).rejects.toMatchObject({
      code: 'not_implemented',
    });
  });
});
