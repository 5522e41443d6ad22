import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { Pool } from 'undici';

import type { FromChild, ToChild } from '../../src/protocol/control.js';
import type { MediaClient } from '../../src/protocol/media.js';
import { createMediaClient } from '../../src/supervisor/media-client.js';

const ENTRY = new URL('../../src/media/main.js', import.meta.url);
const KIB = 1024;

/** The media process as the supervisor starts it, with one decode thread. */
export class MediaProcess {
  readonly child: ChildProcess;
  readonly client: MediaClient;
  readonly #pool: Pool;

  private constructor(child: ChildProcess, pool: Pool) {
    this.child = child;
    this.#pool = pool;
    this.client = createMediaClient(pool);
  }

  static async start(socketPath: string): Promise<MediaProcess> {
    const child = fork(ENTRY, { serialization: 'advanced' });
    const say = (message: ToChild): boolean => child.send(message);
    const supervisorPid = process.pid;
    await new Promise<void>((resolve) => {
      child.on('message', ({ type }: FromChild) => {
        const threads = { decodeThreads: 1, encodeThreads: 1 };
        const init = { role: 'media', supervisorPid, socketPath, ...threads } as const;
        if (type === 'online') say({ type: 'init', init });
        if (type === 'ready') resolve();
      });
    });
    return new MediaProcess(child, new Pool('http://child', { socketPath, pipelining: 1 }));
  }

  /** The most memory that it has had so far (`VmHWM`). */
  async peakRssBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * KIB;
  }

  /** Ends it and resolves with its exit code. */
  async stop(): Promise<number | null> {
    const exited = once(this.child, 'exit');
    this.child.send({ type: 'stop' } satisfies ToChild);
    await this.#pool.destroy();
    const [code] = (await exited) as [number | null];
    return code;
  }
}
