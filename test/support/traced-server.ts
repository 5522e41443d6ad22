import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { eventually } from './eventually.js';

/** A server in a process of its own whose engines do what tests say. */
export interface TracedServer {
  readonly url: string;
  /** Resolves when so many requests wait for a place. */
  queued(count: number): Promise<void>;
  /** Waits until so many steps with that argument have begun; gives the process of the last one. */
  started(argument: string, count?: number): Promise<number>;
  /** What it has logged. */
  log(): string;
  stop(): Promise<void>;
}

/** What kind of server it is, and with which variables it runs. */
export interface TracedServerOptions {
  readonly kind?: 'scripted' | 'live';
  readonly workers?: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
}

/** Starts it. */
export async function startTracedServer(options: TracedServerOptions): Promise<TracedServer> {
  const { kind = 'scripted', workers = 1, settings = {}, variables } = options;
  const entry = new URL('./traced-entry.js', import.meta.url);
  const child = fork(entry, [kind, String(workers), JSON.stringify(settings)], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit');
  const tooEarly = exited.then(() => {
    throw new Error(`The server ended too early:\n${log}`);
  });
  const told = Promise.race([once(child, 'message'), tooEarly]);
  const [{ url, modelDir }] = (await told) as [{ url: string; modelDir: string }];
  tooEarly.catch(() => undefined);
  return {
    url,
    log: () => log,
    async queued(count) {
      await eventually(async () => {
        child.send('queued');
        const [{ queued }] = (await once(child, 'message')) as [{ queued: number }];
        expect(queued).toBe(count);
      });
    },
    started: (argument, count = 1) =>
      eventually(async () => {
        const lines = (await readFile(join(modelDir, 'steps.log'), 'utf8')).split('\n');
        expect(lines.filter((line) => line.includes(argument))).toHaveLength(count);
        return Number(await readFile(join(modelDir, 'busy.pid'), 'utf8'));
      }),
    async stop() {
      child.send('stop');
      await exited;
    },
  };
}
