import { createHash } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cudaEntries } from '../../src/bundle/cuda-entries.js';
import type { BundleEntry } from '../../src/bundle/plan.js';
import { writeTree } from '../support/small-bundle.js';

let dir: string;
let cudaDir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-cuda-'));
  cudaDir = join(dir, 'cuda');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function fileOf(name: string, text: string, target?: string): Record<string, unknown> {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return {
    name,
    bytes: text.length,
    sha256,
    mtimeMs: 1.5,
    ...(target !== undefined && { target }),
  };
}

/** An installation as `chorus setup cuda` leaves it: one library its own, one a link to the system's. */
async function setUp(): Promise<void> {
  const system = join(dir, 'system/libcudart.so.13.0.96');
  await writeTree(dir, { 'system/libcudart.so.13.0.96': 'runtime' });
  const record = {
    format: 1,
    installedAt: '2026-01-01T00:00:00.000Z',
    onnxruntimeVersion: '1.30.0',
    cudaMajor: 13,
    leastDriver: 580,
    libraryPath: ['lib', join(dir, 'system')],
    pieces: [
      {
        package: 'onnxruntime-gpu',
        origin: 'pip',
        from: 'a.whl',
        files: [fileOf('libp.so', 'prov')],
      },
      {
        package: 'nvidia-cuda-runtime',
        origin: 'system',
        from: join(dir, 'system'),
        files: [fileOf('libcudart.so.13', 'runtime', system)],
      },
    ],
  };
  await writeTree(cudaDir, {
    'lib-00000001/libp.so': 'prov',
    'lib-0000dead/libold.so': 'old',
    'installation.json': JSON.stringify(record),
  });
  await symlink('lib-00000001', join(cudaDir, 'lib'));
  await symlink(system, join(cudaDir, 'lib-00000001/libcudart.so.13'));
}

function contentOf(
  entries: readonly BundleEntry[],
  path: string,
): BundleEntry['content'] | undefined {
  return entries.find((entry) => entry.path === path)?.content;
}

describe('CUDA in a bundle', () => {
  test('has the system’s libraries as files of its own, and says so in its record', async () => {
    await setUp();
    const entries = await cudaEntries(cudaDir);
    const link = contentOf(entries, 'cuda/lib');
    const folder = link?.kind === 'link' ? link.target : '';
    expect(folder).toMatch(/^lib-[0-9a-f]{8}$/);
    expect(entries.map(({ path }) => path).toSorted()).toEqual(
      [
        `cuda/${folder}/libcudart.so.13`,
        `cuda/${folder}/libp.so`,
        'cuda/installation.json',
        'cuda/lib',
      ].toSorted(),
    );
    expect(contentOf(entries, `cuda/${folder}/libcudart.so.13`)).toMatchObject({
      kind: 'file',
      bytes: 7,
    });
    const record = contentOf(entries, 'cuda/installation.json');
    const text = record?.kind === 'text' ? record.text : '{}';
    expect(text).not.toContain(dir);
    expect(JSON.parse(text)).toMatchObject({
      format: 1,
      onnxruntimeVersion: '1.30.0',
      libraryPath: ['lib'],
      pieces: [{ origin: 'pip' }, { origin: 'folder', files: [{ mtimeMs: 315_532_800_000 }] }],
    });
  });

  test('is refused where there is none, or not all of it, with the command that mends it', async () => {
    const advice = expect.stringContaining('chorus setup cuda') as string;
    const refusal = { code: 'unavailable', message: advice };
    await expect(cudaEntries(cudaDir)).rejects.toMatchObject(refusal);
    await setUp();
    await rm(join(dir, 'system'), { recursive: true });
    await expect(cudaEntries(cudaDir)).rejects.toMatchObject(refusal);
    await writeFile(join(cudaDir, 'installation.json'), '{"format":1');
    await expect(cudaEntries(cudaDir)).rejects.toMatchObject(refusal);
  });
});
