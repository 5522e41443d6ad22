import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Program } from '../support/program.js';
import { freePort } from '../support/ready.js';
import { haproxyConfig, nginxConfig } from './proxy-configs.js';
import type { ProxyPlace } from './proxy-configs.js';

/** The proxies that ours is compared with. */
export const PROXIES = ['haproxy', 'nginx'] as const;

/** One of {@link PROXIES}. */
export type ProxyName = (typeof PROXIES)[number];

/** A proxy in front of the workers' sockets. */
export interface Proxy {
  readonly name: ProxyName;
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  stop(): Promise<void>;
}

interface Kind {
  readonly config: (place: ProxyPlace) => string;
  readonly args: (folder: string, configFile: string) => readonly string[];
}

const KINDS: Readonly<Record<ProxyName, Kind>> = {
  haproxy: { config: haproxyConfig, args: (_, file) => ['-db', '-q', '-f', file] },
  nginx: { config: nginxConfig, args: (folder, file) => ['-p', folder, '-c', file] },
};

const POLL_MS = 20;

/**
 * Finds out the version of a program.
 * @throws Error that names the Debian package if the program is not there.
 */
export async function versionOf(command: string): Promise<string> {
  try {
    // nginx tells it on standard error, and wrk ends with code 1 after it has told.
    const { stdout, stderr } = await promisify(execFile)(command, ['-v']).catch(readFailure);
    return `${stdout}${stderr}`.split('\n')[0]?.trim() ?? '';
  } catch (caught) {
    const message = `${command} is not installed: it is in the Debian package ${command}.`;
    throw new Error(message, { cause: caught });
  }
}

/** Starts a proxy with one process and one thread, as the supervisor has one event loop. */
export async function startProxy(
  name: ProxyName,
  { sockets, cpus }: { readonly sockets: readonly string[]; readonly cpus: string | undefined },
): Promise<Proxy> {
  const version = await versionOf(name);
  const folder = await mkdtemp(join(tmpdir(), `chorus-${name}-`));
  const port = await freePort();
  const { config, args } = KINDS[name];
  const file = join(folder, 'proxy.conf');
  await writeFile(file, config({ port, sockets, folder, user: userInfo().username }));
  const program = new Program({ name, command: name, args: args(folder, file), cpus });
  program.stdout.resume();
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([untilListening(port), program.ended()]);
  } catch (caught) {
    await stop();
    throw caught;
  }
  return { name, url: `http://127.0.0.1:${port}`, pid: program.pid, version, stop };
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

function readFailure(caught: unknown): Output {
  const failure = caught as Partial<Output> & { readonly code?: unknown };
  if (typeof failure.code !== 'number') throw caught;
  return { stdout: failure.stdout ?? '', stderr: failure.stderr ?? '' };
}

async function untilListening(port: number): Promise<void> {
  while (!(await listens(port))) await delay(POLL_MS);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
