import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { packageEntries } from '../../src/bundle/package-entries.js';
import { productionPackages } from '../../src/bundle/packages.js';
import { platformOf } from '../../src/bundle/node-binary.js';
import { readMachineCode } from '../../src/bundle/machine-code.js';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      optional: z.boolean().optional(),
      peer: z.boolean().optional(),
    }),
  ),
});

/** Paths of packages that npm says are needed in production, and always. */
async function lockedPaths(): Promise<{ always: string[]; all: Set<string> }> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  const production = Object.entries(packages).filter(
    ([path, { dev, devOptional, peer }]) => path !== '' && !dev && !devOptional && !peer,
  );
  const always = production.filter(([, { optional }]) => optional !== true);
  return { always: always.map(([path]) => path), all: new Set(production.map(([path]) => path)) };
}

describe('the packages of a bundle', () => {
  test('are those that npm names for production, less what only compiles', async () => {
    const platform = await platformOf(process.execPath);
    const found = (await productionPackages(process.cwd(), platform)).map(({ path }) => path);
    const { always, all } = await lockedPaths();
    const forBuilding = /^node_modules\/(?:typescript$|@typescript\/|@types\/|undici-types$)/;
    expect(found.filter((path) => !all.has(path))).toEqual([]);
    const left = always.filter((path) => !found.includes(path) && !forBuilding.test(path));
    expect(left).toEqual([]);
    expect(found).not.toContain('node_modules/vitest');
    expect(found).not.toContain('node_modules/typescript');
  });

  test('have no machine code of other systems', async () => {
    const platform = await platformOf(process.execPath);
    const entries = await packageEntries(process.cwd(), platform);
    const paths = entries.map(({ path }) => path);
    const onnx = `node_modules/onnxruntime-node/bin/napi-v6/${platform.os}/${platform.arch}`;
    expect(paths).toContain(join(onnx, 'onnxruntime_binding.node'));
    expect(paths).toContain(join(onnx, 'libonnxruntime.so.1'));
    expect(paths.filter((path) => /\.(?:dylib|dll|exe)$|prebuilds\/(?!linux-)/.test(path))).toEqual(
      [],
    );
    const native = entries.filter(({ path }) => path.endsWith('.node'));
    expect(native.length).toBeGreaterThan(2);
    for (const { content } of native) {
      const elf = content.kind === 'file' ? await readMachineCode(content.source) : undefined;
      expect(elf?.arch).toBe(platform.arch);
    }
  });
});
