import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import koffi from 'koffi';
import type { CheckLine } from './check-report.js';
import { computeOn } from './compute-probe.js';
import { PROVIDER } from './pieces.js';

/*
 * The child process of a check of CUDA's libraries, with the environment that a worker would have. A
 * crash of native code ends only this process, and what it has tried before is told by then.
 * `libraries NAME…`: has the loader find each. `provider`: computes on a GPU.
 */

function tell(line: CheckLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Files that the loader has brought into this process. */
function loadedFiles(): readonly string[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return lines.flatMap((line) => / (\/.+)$/.exec(line)?.[1] ?? []);
}

function wordsOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}

function loadLibrary(name: string): ReturnType<typeof koffi.load> | undefined {
  try {
    const library = koffi.load(name);
    // A link has another name in the list; then the name alone is told.
    const path = loadedFiles().find((file) => basename(file).startsWith(name)) ?? name;
    tell({ tried: 'library', name, path });
    return library;
  } catch (caught) {
    tell({ tried: 'library', name, error: wordsOf(caught) });
    return undefined;
  }
}

function countDevices(runtime: ReturnType<typeof koffi.load>): void {
  const getCount = runtime.func('int cudaGetDeviceCount(_Out_ int *count)');
  const getWords = runtime.func('const char *cudaGetErrorString(int code)');
  const count = [0];
  const code = getCount(count) as number;
  tell({ tried: 'devices', code, count: count[0] ?? 0, words: String(getWords(code)) });
}

async function compute(): Promise<void> {
  const refusal = await computeOn('cuda').then(() => undefined, wordsOf);
  const loaded = loadedFiles().some((file) => basename(file) === PROVIDER);
  tell({ tried: 'provider', loaded, ...(refusal !== undefined && { refusal }) });
}

const [task, ...names] = process.argv.slice(2);
if (task === 'libraries') {
  const libraries = names.map(loadLibrary);
  const runtime = libraries[names.findIndex((name) => name.startsWith('libcudart.so'))];
  if (runtime !== undefined) countDevices(runtime);
} else await compute();
