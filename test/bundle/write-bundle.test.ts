import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { list } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BundlePlan } from '../../src/bundle/plan.js';
import { writeBundle } from '../../src/bundle/write-bundle.js';
import { smallShop, type SmallShop } from '../support/small-bundle.js';

let shop: SmallShop;

beforeEach(async () => {
  shop = await smallShop();
});
afterEach(() => shop.remove());

async function joined(dir: string, names: readonly string[]): Promise<Buffer> {
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(dir, name)))));
}

async function withWeights(content: string, sha256: string): Promise<BundlePlan> {
  const source = join(shop.dir, 'weights');
  await writeFile(source, content);
  const plan = await shop.plan();
  const file = { kind: 'file', source, bytes: content.length, sha256 } as const;
  const group = { title: 'own', entries: [{ path: 'models/own/w', content: file }] };
  return { ...plan, groups: [...plan.groups, group] };
}

describe('a bundle', () => {
  test('of the same input has the same bytes, in whatever parts', async () => {
    const one = await shop.bundle('one', 5_000);
    const manifest = join(shop.programDir, 'package.json');
    await utimes(manifest, 1_000_000_000, 1_000_000_000);
    const other = await shop.bundle('other');
    expect(one.parts.length).toBeGreaterThan(2);
    expect(one.parts.slice(0, -1).every(({ bytes }) => bytes === 5_000)).toBe(true);
    expect(other.parts).toHaveLength(1);
    expect({ ...one, dir: '', parts: [] }).toEqual({ ...other, dir: '', parts: [] });
    const whole = await joined(
      one.dir,
      one.parts.map(({ name }) => name),
    );
    expect(createHash('sha256').update(whole).digest('hex')).toBe(one.sha256);
    expect(whole).toHaveLength(one.bytes);
  });

  test('is a tar that others read, with the unpacker first', async () => {
    const { dir, parts } = await shop.bundle('one');
    const paths: string[] = [];
    await list({ file: join(dir, parts[0]!.name), onReadEntry: ({ path }) => paths.push(path) });
    expect(paths[0]).toBe('unpack.mjs');
    expect(paths.slice(1)).toEqual(paths.slice(1).toSorted());
    expect(paths).toContain('node_modules/one/i.js');
    expect(paths).not.toContain('.env');
  });

  test('is not written where there is too little room', async () => {
    const outDir = join(shop.dir, 'out');
    const options = { outDir, partBytes: undefined, freeBytes: () => Promise.resolve(1e6) };
    await expect(writeBundle(await shop.plan(), options)).rejects.toMatchObject({
      code: 'storage_full',
      message: expect.stringContaining('Nothing was written') as string,
    });
    expect(await readdir(outDir)).toEqual([]);
  });

  test('is not written over another', async () => {
    const { dir } = await shop.bundle('one');
    const before = await readdir(dir);
    await expect(shop.bundle('one')).rejects.toMatchObject({ code: 'conflict' });
    expect(await readdir(dir)).toEqual(before);
  });

  test('leaves nothing when it is stopped, and removes what a killed run left', async () => {
    const outDir = join(shop.dir, 'out');
    await mkdir(join(outDir, '.chorus-bundle.4194305.partial'), { recursive: true });
    const stop = new AbortController();
    const options = {
      outDir,
      partBytes: 2_000,
      signal: stop.signal,
      report: () => stop.abort(),
    };
    const written = writeBundle(await shop.plan(), options);
    await expect(written).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(outDir)).toEqual([]);
  });

  test('is not made of weights that are not those of their card', async () => {
    const plan = await withWeights('damaged', createHash('sha256').update('whole').digest('hex'));
    const outDir = join(shop.dir, 'out');
    await expect(writeBundle(plan, { outDir, partBytes: undefined })).rejects.toMatchObject({
      code: 'model_failed',
      message: expect.stringContaining('is damaged') as string,
    });
    expect(await readdir(outDir)).toEqual([]);
  });

  test.each(['grown longer', 'short'])('is not made of a file that has %s', async (content) => {
    const plan = await withWeights(
      'as it was',
      createHash('sha256').update('as it was').digest('hex'),
    );
    await writeFile(join(shop.dir, 'weights'), content);
    const outDir = join(shop.dir, 'out');
    await expect(writeBundle(plan, { outDir, partBytes: undefined })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await readdir(outDir)).toEqual([]);
  });
});
