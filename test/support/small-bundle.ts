import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { planBundle } from '../../src/bundle/plan-bundle.js';
import type { BundlePlan } from '../../src/bundle/plan.js';
import { writeBundle, type WrittenBundle } from '../../src/bundle/write-bundle.js';
import { makeCoreutilsPath } from './coreutils.js';

/** A program of a few small files that says what it was started with. */
const PROGRAM = {
  'package.json': JSON.stringify({
    name: 'small',
    version: '1.2.3',
    type: 'module',
    dependencies: { one: '1.0.0' },
    devDependencies: { tested: '1.0.0' },
  }),
  LICENSE: 'free\n',
  NOTICE: 'of nobody\n',
  '.env': 'API_KEYS=secret\n',
  'dist/src/cli/main.js':
    "import { one } from 'one';\nconsole.log(one, process.cwd(), ...process.argv.slice(2));\n",
  'dist/src/cli/main.js.map': '{}\n',
  'docs/settings.md': '# Settings\n',
  'node_modules/one/package.json': JSON.stringify({ name: 'one', version: '1.0.0', main: 'i.js' }),
  'node_modules/one/i.js': "exports.one = 'one runs';\n",
  'node_modules/tested/package.json': JSON.stringify({ name: 'tested', version: '1.0.0' }),
};

/** A folder with the small program, and what tests do with it. */
export interface SmallShop {
  readonly dir: string;
  readonly programDir: string;
  /** PATH of coreutils and Node. */
  readonly path: string;
  plan(changes?: { readonly version?: string }): Promise<BundlePlan>;
  /** Writes a bundle without Node to a folder of that name. */
  bundle(
    name: string,
    partBytes?: number,
    version?: string,
  ): Promise<WrittenBundle & { dir: string }>;
  remove(): Promise<void>;
}

/** Writes files into a folder. */
export async function writeTree(
  dir: string,
  files: Record<string, string | Buffer>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
}

/** Makes the folder. */
export async function smallShop(): Promise<SmallShop> {
  const dir = await mkdtemp(join(tmpdir(), 'chorus-bundle-'));
  const programDir = join(dir, 'program');
  await writeTree(programDir, PROGRAM);
  const path = makeCoreutilsPath(join(dir, 'path'));
  await symlink(process.execPath, join(path, 'node'));
  const plan: SmallShop['plan'] = ({ version = '1.2.3' } = {}) =>
    planBundle({
      programDir,
      version,
      models: [],
      execPath: process.execPath,
      withNode: false,
      cuda: [],
    });
  return {
    dir,
    programDir,
    path,
    plan,
    async bundle(name, partBytes, version) {
      const outDir = join(dir, name);
      const made = await plan(version === undefined ? {} : { version });
      return { ...(await writeBundle(made, { outDir, partBytes })), dir: outDir };
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** What a program has done. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program with nothing in its environment but PATH. */
export function runAlone(
  command: readonly [string, ...string[]],
  { path, cwd = tmpdir() }: { readonly path: string; readonly cwd?: string },
): Promise<Ended> {
  const [file, ...parameters] = command;
  return new Promise((resolve) => {
    const child = execFile(file, parameters, { cwd, env: { PATH: path } }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr });
    });
  });
}
