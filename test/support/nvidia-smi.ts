import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A GPU as a test wants it listed; its place in the list is its number. */
export interface ListedGpu {
  readonly uuid: string;
  readonly name: string;
}

/** A folder with an `nvidia-smi` of a test's own. */
export interface FakeNvidiaSmi {
  /** What `PATH` shall say, so that it is found before another one. */
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes an `nvidia-smi` that lists these GPUs, in this order. */
export async function fakeNvidiaSmi(gpus: readonly ListedGpu[]): Promise<FakeNvidiaSmi> {
  const lines = gpus.map(({ name, uuid }, index) => `GPU ${index}: ${name} (UUID: ${uuid})`);
  return nvidiaSmiOf(`#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
}

/** Makes an `nvidia-smi` of a script. */
export async function nvidiaSmiOf(script: string): Promise<FakeNvidiaSmi> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bin-'));
  await writeFile(join(folder, 'nvidia-smi'), script);
  await chmod(join(folder, 'nvidia-smi'), 0o755);
  return {
    path: `${folder}:${process.env['PATH'] ?? ''}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
