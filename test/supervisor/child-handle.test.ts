import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { childEnvironment } from '../../src/config/environment.js';
import { ChildHandle } from '../../src/supervisor/child-handle.js';

function start(entry: string, readyTimeoutMs: number): ChildHandle {
  return new ChildHandle({
    entry: new URL(`../workers/${entry}`, import.meta.url),
    environment: childEnvironment({}),
    launcher: [],
    init: {
      role: 'media',
      supervisorPid: process.pid,
      socketPath: '/nowhere',
      decodeThreads: 1,
      encodeThreads: 1,
    },
    readyTimeoutMs,
    onMessage: () => {},
  });
}

it('holds up no end of a program that has let go of the child', async () => {
  const program = fileURLToPath(new URL('../workers/letting-go.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  expect(Number(stdout)).toBeGreaterThan(0);
});

describe('the handshake with a child process', () => {
  it('fails with the exit code of a child that ends before it is ready', async () => {
    const child = start('leaving-entry.js', 60_000);
    await expect(child.ready).rejects.toThrow('The process ended with 3.');
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  it('fails when the child is not ready in time, and leaves no process', async () => {
    const child = start('silent-entry.js', 300);
    await expect(child.ready).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('fails when there is nothing to run', async () => {
    await expect(start('no-such-entry.js', 60_000).ready).rejects.toThrow(/ended with 1/);
  });

  it('kills a child that still loads when it is to stop', async () => {
    const child = start('silent-entry.js', 60_000);
    const lost = expect(child.ready).rejects.toMatchObject({ code: 'replica_lost' });
    expect(await child.stop(60_000)).toEqual({ code: null, signal: 'SIGKILL' });
    await lost;
  });
});
