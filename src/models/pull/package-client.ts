import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '../../config/environment.js';

const POLL_MS = 500;
const MAX_TOLD_CHARACTERS = 300;
/** Every way to call pip that a machine may have, the surest first. */
const PIPS: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** How a package client ended. */
export type ClientResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A run of a package client. */
export interface ClientRun {
  readonly command: readonly [string, ...string[]];
  /** Where it writes; also its folder for temporary files, so that its size tells how far it is. */
  readonly dir: string;
  readonly signal?: AbortSignal | undefined;
  readonly onFolderBytes?: (bytes: number) => void;
}

async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** The last thing that it said; addresses may carry a password, which is not told. */
function lastWords(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const last = lines.findLast(
    (line) => line !== '' && !line.startsWith('npm error A complete log'),
  );
  return (last ?? 'it gave no reason')
    .replaceAll(/\/\/[^/@\s]+@/g, '//***@')
    .slice(0, MAX_TOLD_CHARACTERS);
}

/** Runs a package client to its end. An abort kills it and what it has started. */
export async function runClient(run: ClientRun): Promise<ClientResult> {
  run.signal?.throwIfAborted();
  const [program, ...parameters] = run.command;
  const inherited = childEnvironment();
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own, because clients start processes of theirs.
    detached: true,
    // With the clients' own patience a registry that is out of reach would hold us for minutes.
    env: { PIP_RETRIES: '1', npm_config_fetch_retries: '1', ...inherited, TMPDIR: run.dir },
  });
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4096);
  });
  const poll = setInterval(() => {
    void folderBytes(run.dir).then((bytes) => run.onFolderBytes?.(bytes));
  }, POLL_MS);
  run.signal?.addEventListener('abort', kill, { once: true });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    run.signal?.throwIfAborted();
    return code === 0 ? { kind: 'done' } : { kind: 'failed', reason: lastWords(errors) };
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw caught;
  } finally {
    clearInterval(poll);
    run.signal?.removeEventListener('abort', kill);
  }
}

/** Finds a pip that runs; undefined if this machine has none. */
export async function findPip(
  dir: string,
  signal?: AbortSignal,
): Promise<readonly [string, ...string[]] | undefined> {
  for (const command of PIPS) {
    const result = await runClient({ command: [...command, '--version'], dir, signal });
    if (result.kind === 'done') return command;
  }
  return undefined;
}
