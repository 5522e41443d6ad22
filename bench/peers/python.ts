import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { benchCacheDir } from '../support/cache.js';
import { note } from '../support/report.js';

const run = promisify(execFile);

/** A Python interpreter that has what a peer needs. */
export interface PythonPeer {
  readonly python: string;
  /** Installed versions by package, for the report. */
  readonly versions: Readonly<Record<string, string>>;
}

const VERSIONS_SCRIPT = `
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
`;

async function installedVersions(
  python: string,
  requirements: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const names = requirements.map((requirement) => requirement.split('==')[0] ?? requirement);
  const { stdout } = await run(python, ['-c', VERSIONS_SCRIPT, ...names]);
  const versions = JSON.parse(stdout) as Record<string, string>;
  for (const requirement of requirements) {
    const [name = '', wanted] = requirement.split('==');
    if (wanted !== undefined && versions[name] !== wanted) {
      note(`${python} has ${name} ${versions[name]}; this bench was written for ${wanted}.`);
    }
  }
  return versions;
}

async function buildEnvironment(folder: string, requirements: readonly string[]): Promise<void> {
  note(`Installing ${requirements.join(', ')} into ${folder}, once …`);
  // A folder without the mark is what a broken installation has left.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...requirements]);
  await writeFile(join(folder, 'complete'), '');
}

/**
 * Gives an interpreter with the requirements (`name==version`): the one that is given, or else a
 * virtual environment in the cache, made at the first use with the user's own pip settings.
 */
export async function ensurePythonPeer(
  requirements: readonly string[],
  given?: string,
): Promise<PythonPeer> {
  if (given !== undefined) {
    return { python: given, versions: await installedVersions(given, requirements) };
  }
  const hash = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 12);
  const folder = join(benchCacheDir(), `venv-${hash}`);
  const built = await access(join(folder, 'complete')).then(
    () => true,
    () => false,
  );
  if (!built) await buildEnvironment(folder, requirements);
  const python = join(folder, 'bin', 'python');
  return { python, versions: await installedVersions(python, requirements) };
}

/** Environment of a peer: as many threads as told, and nothing fetched from anywhere. */
export function peerEnvironment(threads: number): NodeJS.ProcessEnv {
  return {
    OMP_NUM_THREADS: String(threads),
    HF_HUB_OFFLINE: '1',
    PYTHONUNBUFFERED: '1',
  };
}
