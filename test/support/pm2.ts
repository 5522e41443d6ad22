import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { expect } from 'vitest';

import { eventually } from './eventually.js';
import { modelDir } from './models.js';
import { signalProcess } from './signal-process.js';

const PM2 = resolve('node_modules/pm2/bin/pm2');
/** Command lines of the supervisor, its workers and its media process. */
const OWN_PROGRAM = /dist\/src\/(?:cli|worker|media)\/main\.js/;
const DAEMON = /God Daemon/;

/** What pm2 says about an app. */
export interface Pm2App {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: {
    readonly status: string;
    readonly restart_time: number;
    readonly exit_code?: number;
    readonly kill_timeout: number;
  };
}

/** How a pm2 command ended. */
export interface Pm2Result {
  readonly code: number | null;
  readonly output: string;
}

/** The real pm2, with a daemon of its own. */
export interface Pm2 {
  /** Folder of the daemon's files; a test may put its own there. */
  readonly home: string;
  /** Runs a pm2 command; `settings` are on top of small defaults. */
  run(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Pm2Result>;
  /** The app of this name. */
  app(name: string): Promise<Pm2App>;
  /** The address that Chorus printed last. */
  url(): Promise<string>;
  /** What Chorus wrote to standard error. */
  errors(): Promise<string>;
  /** What the daemon wrote about itself and its apps. */
  daemonLog(): Promise<string>;
  /** Supervisor, workers and media that are alive, whoever their parent is by now. */
  processes(): number[];
  daemonPid(): number;
  /** Kills the daemon and every process that ever came from it, and removes the folder. */
  end(): Promise<void>;
}

/** Makes a pm2 that knows no app yet; its daemon starts with the first command. */
export async function createPm2(): Promise<Pm2> {
  const home = await mkdtemp(join(tmpdir(), 'chorus-pm2-'));
  const environment = environmentOf(home);
  const run: Pm2['run'] = (args, settings = {}) => runPm2(args, { ...environment, ...settings });
  const outputOf = (kind: string): Promise<string> =>
    readFile(join(home, 'logs', `chorus-${kind}.log`), 'utf8');
  return {
    home,
    run,
    async app(name) {
      const apps = JSON.parse((await run(['jlist'])).output) as Pm2App[];
      const app = apps.find((candidate) => candidate.name === name);
      if (app === undefined) throw new Error(`pm2 knows no app ${name}.`);
      return app;
    },
    async url() {
      const addresses = [...(await outputOf('out')).matchAll(/listens on (http:\S+)/g)];
      const last = addresses.at(-1)?.[1];
      if (last === undefined) throw new Error('Chorus has printed no address yet.');
      return last;
    },
    errors: () => outputOf('error'),
    daemonLog: () => readFile(join(home, 'pm2.log'), 'utf8'),
    processes: () => processesWith(home, OWN_PROGRAM),
    daemonPid: () => Number(readFileSync(join(home, 'pm2.pid'), 'utf8')),
    async end() {
      // The daemon first, so that it starts nothing again.
      for (const pid of processesWith(home, DAEMON)) kill(pid);
      for (const pid of processesWith(home, /./)) kill(pid);
      await eventually(() => expect(processesWith(home, /./)).toEqual([]));
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Quick settings, and a pm2 that asks no other machine for anything. */
function environmentOf(home: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
    PM2_NO_INTERACTION: 'true',
    PORT: '0',
    DATA_DIR: join(home, 'data'),
    // A killed server leaves its sockets behind; here they go with the folder.
    TMPDIR: home,
    LOG_FILE: 'none',
    MODELS_DIR: modelDir('.'),
    ASR_MODELS: 'none',
    TTS_GPUS: 'cpu',
    TTS_REPLICAS: '1',
    TTS_THREADS: '1',
  };
}

async function runPm2(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Pm2Result> {
  const child = spawn(process.execPath, [PM2, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/**
 * Processes that have this pm2's folder in their environment and a fitting command line. The
 * environment is inherited, so an orphan is found too; of a zombie there is none left to read.
 */
function processesWith(home: string, commandLine: RegExp): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(pid, 'environ').includes(`PM2_HOME=${home}`))
    .filter((pid) => commandLine.test(readProc(pid, 'cmdline')))
    .map(Number);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has gone, or is somebody else's.
    return '';
  }
}

function kill(pid: number): void {
  try {
    signalProcess(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}
