import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runAlone, smallShop, type Ended, type SmallShop } from '../support/small-bundle.js';

const PART_BYTES = 4096;

let shop: SmallShop;
let target: string;

beforeEach(async () => {
  shop = await smallShop();
  target = join(shop.dir, 'installed here');
});
afterEach(() => shop.remove());

function install(bundle: string, ...parameters: readonly string[]): Promise<Ended> {
  const script = join(bundle, 'install.sh');
  return runAlone(['/bin/sh', script, ...parameters], { path: shop.path, cwd: shop.dir });
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', '/bin/sh', '-c', 'mount -t tmpfs none /mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

describe('install.sh', () => {
  test('joins the parts, and what it installs runs from any folder and by a link', async () => {
    const { dir, release, parts } = await shop.bundle('parts', PART_BYTES);
    expect(parts.length).toBeGreaterThan(3);
    const ended = await install(dir, target);
    expect(ended).toMatchObject({ code: 0 });
    expect(await readlink(join(target, 'current'))).toBe(`releases/${release}`);
    expect(await readFile(join(target, 'chorus.yaml'), 'utf8')).toContain('TTS_MODELS: none');
    await symlink(join(target, 'chorus'), join(shop.dir, 'by-link'));
    for (const launcher of [join(target, 'chorus'), join(shop.dir, 'by-link')]) {
      const run = await runAlone([launcher, 'doctor', '--json'], { path: shop.path, cwd: '/' });
      expect(run).toEqual({ code: 0, output: `one runs ${target} doctor --json\n` });
    }
    const inside = await readdir(join(target, 'current'), { recursive: true });
    expect(inside).not.toContain('.env');
    expect(inside).not.toContain('node_modules/tested');
    expect(inside.some((name) => name.endsWith('.map'))).toBe(false);
  });

  test('the checksums are as coreutils reads them', async () => {
    const { dir } = await shop.bundle('parts', PART_BYTES);
    const ended = await runAlone(['/bin/sh', '-c', 'sha256sum -c SHA256SUMS'], {
      path: shop.path,
      cwd: dir,
    });
    expect(ended.code).toBe(0);
    expect(ended.output.trim().split('\n')).toHaveLength((await readdir(dir)).length - 1);
  });

  test('names every part that is missing, damaged or cut short, and installs nothing', async () => {
    const { dir, parts } = await shop.bundle('parts', PART_BYTES);
    const at = (index: number): string => join(dir, parts[index]!.name);
    await rm(at(0));
    await flipByte(at(1));
    await writeFile(at(2), (await readFile(at(2))).subarray(1));
    const ended = await install(dir, target);
    expect(ended.code).toBe(1);
    expect(ended.output).toContain(`missing: ${parts[0]!.name}\n`);
    expect(ended.output).toContain(`damaged or cut short: ${parts[1]!.name} ${parts[2]!.name}\n`);
    expect(ended.output).toContain('copy these again');
    expect(await readdir(target)).toEqual([]);
  });

  test('run again it changes nothing, and needs no part any more', async () => {
    const { dir, parts } = await shop.bundle('parts');
    await install(dir, target);
    await writeFile(join(target, 'chorus.yaml'), '# mine\n');
    await rm(join(dir, parts[0]!.name));
    const again = await install(dir, target);
    expect(again.code).toBe(0);
    expect(again.output).toContain('is unpacked already');
    expect(await readFile(join(target, 'chorus.yaml'), 'utf8')).toBe('# mine\n');
  });

  test('another release takes the place of the first, which stays for a way back', async () => {
    const first = await shop.bundle('first');
    await install(first.dir, target);
    await writeFile(join(shop.programDir, 'docs/more.md'), 'more\n');
    const second = await shop.bundle('second', undefined, '1.2.4');
    const ended = await install(second.dir, target);
    expect(ended.output).toContain(`rm -r ${target}/releases/${first.release}`);
    expect(await readlink(join(target, 'current'))).toBe(`releases/${second.release}`);
    expect((await readdir(join(target, 'releases'))).toSorted()).toEqual(
      [first.release, second.release].toSorted(),
    );
  });

  test('what a killed installation left is removed; a living one is let be', async () => {
    const { dir, release } = await shop.bundle('parts');
    const dead = join(target, 'releases', '.incoming.4194305');
    const living = join(target, 'releases', `.incoming.${process.pid}`);
    for (const folder of [dead, living]) await mkdir(folder, { recursive: true });
    expect((await install(dir, target)).code).toBe(0);
    expect((await readdir(join(target, 'releases'))).toSorted()).toEqual(
      [`.incoming.${process.pid}`, release].toSorted(),
    );
  });

  test('an operator’s own folder of models stays', async () => {
    const { dir } = await shop.bundle('parts');
    await mkdir(join(target, 'releases'), { recursive: true });
    await mkdir(join(target, 'models/mine'), { recursive: true });
    expect((await install(dir, target)).code).toBe(0);
    expect(await readdir(join(target, 'models'))).toEqual(['mine']);
  });

  test('refuses a folder with other files, unless they are settings', async () => {
    const { dir } = await shop.bundle('parts');
    await mkdir(target);
    await writeFile(join(target, '.env'), '');
    await writeFile(join(target, 'thesis.txt'), '');
    const refused = await install(dir, target);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('holds other files (thesis.txt)');
    await rm(join(target, 'thesis.txt'));
    expect((await install(dir, target)).code).toBe(0);
  });

  test('refuses where nothing can be written', async () => {
    const { dir } = await shop.bundle('parts');
    // Even root may write nothing there.
    const ended = await install(dir, '/proc/chorus');
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('cannot be made');
  });

  test.runIf(canMount())('refuses a read-only disk, and one with too little room', async () => {
    const { dir } = await shop.bundle('parts');
    await mkdir(target);
    const mounted = (options: string): Promise<Ended> => {
      const mount = `mount -t tmpfs -o ${options} none "$1" && PATH="$2" exec /bin/sh "$3" "$1"`;
      const parameters = ['-c', mount, 'sh', target, shop.path, join(dir, 'install.sh')];
      const path = process.env['PATH'] ?? '';
      return runAlone(['unshare', '-rm', '/bin/sh', ...parameters], { path, cwd: shop.dir });
    };
    const readOnly = await mounted('ro');
    expect(readOnly.code).toBe(1);
    expect(readOnly.output).toContain('nothing can be written in');
    const small = await mounted('size=1m');
    expect(small.code).toBe(1);
    expect(small.output).toMatch(/too little disk: \d+ MB are needed .*, and 1 MB are free/);
    expect((await mounted('size=64m')).code).toBe(0);
  });

  test('says what is missing: Node, a program of coreutils, a machine of that kind', async () => {
    const { dir } = await shop.bundle('parts');
    await rm(join(shop.path, 'node'));
    const noNode = await install(dir, target);
    expect(noNode.code).toBe(1);
    expect(noNode.output).toContain('Install Node 20.19 or newer');
    expect(await readdir(join(target, 'releases'))).toEqual([]);
    const script = join(dir, 'install.sh');
    const text = await readFile(script, 'utf8');
    await writeFile(script, text.replace(/^machine='\w+'/m, "machine='riscv64'"));
    expect((await install(dir, target)).output).toContain('for Linux on riscv64');
    await rm(join(shop.path, 'sha256sum'));
    expect((await install(dir, target)).output).toContain('not on PATH: sha256sum');
  });

  test('refuses a Node that is too old', async () => {
    const { dir } = await shop.bundle('parts');
    await rm(join(shop.path, 'node'));
    const old = '#!/bin/sh\n[ "$1" = --version ] && echo v18.20.0 && exit\nexit 1\n';
    await writeFile(join(shop.path, 'node'), old);
    await chmod(join(shop.path, 'node'), 0o755);
    expect((await install(dir, target)).output).toContain('Node v18.20.0 on PATH is too old');
  });

  test('explains its use', async () => {
    const { dir } = await shop.bundle('parts');
    expect(await install(dir, '--help')).toMatchObject({ code: 0 });
    expect(await install(dir, '--nonsense')).toMatchObject({ code: 2 });
    expect(await install(dir, 'one', 'two')).toMatchObject({ code: 2 });
  });
});
