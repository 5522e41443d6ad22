import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Tests run compiled, from `dist`; the C source stays where it is written. */
const SOURCE = fileURLToPath(new URL('../../../test/fake-nvml/nvml.c', import.meta.url));
const LIBRARY = 'libnvidia-ml.so.1';

/** Which symbols the library has: all but some, or only some. */
export type FakeSymbols =
  | { readonly without: readonly string[] }
  | { readonly only: readonly string[] };

/** Compiles the library, once for each content, and says where it is. */
export async function compileFakeNvml(
  symbols: FakeSymbols = { without: [] },
): Promise<{ readonly libraryPath: string }> {
  const source = await readFile(SOURCE, 'utf8');
  const script = versionScript(symbols);
  const key = createHash('sha256').update(source).update(script).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `chorus-fake-nvml-${process.getuid?.() ?? 0}-${key}`);
  const libraryPath = join(folder, LIBRARY);
  if (await isThere(libraryPath)) return { libraryPath };
  const building = await mkdtemp(join(tmpdir(), 'chorus-fake-nvml-build-'));
  try {
    await compile(building, script);
    await mkdir(folder, { recursive: true });
    await rename(join(building, LIBRARY), libraryPath);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return { libraryPath };
}

function versionScript(symbols: FakeSymbols): string {
  if ('only' in symbols) return `{ global: ${symbols.only.join('; ')}; local: *; };\n`;
  // Without any name the linker refuses the word `local`.
  return `{ global: nvml*; ${symbols.without.length === 0 ? '' : `local: ${symbols.without.join('; ')};`} };\n`;
}

async function compile(folder: string, script: string): Promise<void> {
  const map = join(folder, 'symbols.map');
  await writeFile(map, script);
  const output = ['-o', join(folder, LIBRARY), `-Wl,--version-script=${map}`];
  const words = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', ...output];
  try {
    await promisify(execFile)('cc', [...words, SOURCE]);
  } catch (caught) {
    const { code, message } = caught as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'The fake NVML needs a C compiler: install the Debian package gcc.'
        : `cc cannot compile the fake NVML: ${message}`;
    throw new Error(why, { cause: caught });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
