import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CUDA_PIECES, PROVIDER } from '../../src/cuda/pieces.js';
import type { CudaPiece } from '../../src/cuda/pieces.js';
import { writeWheel } from './wheel.js';

const run = promisify(execFile);
const BUILTINS = 'libnvrtc-builtins.so.13.0';
/** What CUDA's runtime says on a machine without a GPU. */
const RUNTIME_SOURCE = `
int cudaGetDeviceCount(int *count) { *count = 0; return 100; }
const char *cudaGetErrorString(int code) { return "no CUDA-capable device is detected"; }
`;

/** Real shared libraries with the names of CUDA's and nothing in them, compiled by the test. */
export class CudaLibraries {
  /** Holds each library by its name. */
  readonly folder: string;
  readonly names: readonly string[];

  private constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    this.names = names;
  }

  /** @param version What the provider says that it is. */
  static async compile(version: string): Promise<CudaLibraries> {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-cuda-libraries-'));
    const names = [...CUDA_PIECES.flatMap(({ libraries }) => libraries), BUILTINS];
    await Promise.all(names.map((name) => compileLibrary(folder, name, { version })));
    return new CudaLibraries(folder, names);
  }

  /** Copies all libraries but some into a folder. */
  async copyTo(folder: string, without: readonly string[] = []): Promise<string> {
    await mkdir(folder, { recursive: true });
    for (const name of this.names) {
      if (without.includes(name)) continue;
      await writeFile(join(folder, name), await readFile(join(this.folder, name)));
    }
    return folder;
  }

  /** Writes a piece's wheel into a folder, with changes. */
  async wheel(
    folder: string,
    piece: CudaPiece,
    { version, spoilt }: { readonly version: string; readonly spoilt?: string },
  ): Promise<string> {
    await mkdir(folder, { recursive: true });
    const files = new Map<string, Buffer>();
    const recorded = new Map<string, Buffer>();
    for (const name of this.names) {
      const belongs = piece.libraries.includes(name) || piece.companions?.test(name) === true;
      if (!belongs) continue;
      const bytes = await readFile(join(this.folder, name));
      files.set(`nvidia/cu13/lib/${name}`, bytes);
      if (name === spoilt) recorded.set(`nvidia/cu13/lib/${name}`, Buffer.from(bytes).fill(0, 200));
    }
    const tags =
      piece.version === undefined
        ? 'cp312-cp312-manylinux_2_28_x86_64'
        : 'py3-none-manylinux_2_27_x86_64';
    const name = piece.package.replaceAll('-', '_');
    return writeWheel(folder, { name, version, tags, files, recorded });
  }

  /** Removes the libraries. */
  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** Compiles one library. */
export async function compileLibrary(
  folder: string,
  name: string,
  options: { readonly version?: string; readonly soname?: string; readonly needs?: string } = {},
): Promise<string> {
  const source = join(folder, `${name}.c`);
  const path = join(folder, name);
  const { version = '0', soname = name, needs } = options;
  const text = [`const char version[] = "\\0" "${version}";`];
  if (name.startsWith('libcudart')) text.push(RUNTIME_SOURCE);
  text.push('const char marks[] = "/r13. release 13.";');
  await writeFile(source, text.join('\n'));
  // The provider has no name of its own, like the real one.
  const named = name === PROVIDER ? [] : [`-Wl,-soname,${soname}`];
  const needed = needs === undefined ? [] : ['-Wl,--no-as-needed', needs];
  await run('cc', ['-shared', '-fPIC', '-o', path, source, ...named, ...needed]);
  await rm(source);
  return path;
}
