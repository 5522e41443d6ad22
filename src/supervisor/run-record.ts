import { open, readFile, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';

import { removeSocketFolder, SOCKET_FOLDER_NAME } from './socket-folder.js';
import {
  identify,
  identitySchema,
  isStillAlive,
  type ProcessIdentity,
} from '../processes/identity.js';

/** Environment variable of every child, by which a later supervisor knows it for one of ours. */
export const COOKIE_VARIABLE = 'CHORUS_COOKIE';

const recordSchema = z.object({
  cookie: z.string(),
  socketDir: z.string(),
  children: z.array(identitySchema),
});
type RecordContent = z.infer<typeof recordSchema>;

/**
 * The file that says which processes belong to a supervisor. If it dies without a chance to tidy
 * up, the next one on the same data folder ends what is left by it.
 */
export class RunRecord {
  /** Value of {@link COOKIE_VARIABLE}. */
  readonly cookie = randomUUID();
  readonly #path: string;
  readonly #socketDir: string;
  readonly #children = new Map<number, ProcessIdentity>();
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, socketDir: string) {
    this.#path = path;
    this.#socketDir = socketDir;
  }

  /** A child was started. */
  add(pid: number): void {
    this.#children.set(pid, { pid, started: '' });
    this.#enqueue(async () => {
      const identity = await identify(pid);
      if (this.#children.has(pid)) this.#children.set(pid, identity);
      await this.#write();
    });
  }

  /** A child has ended. */
  remove(pid: number): void {
    this.#children.delete(pid);
    this.#enqueue(() => this.#write());
  }

  /** Nothing is left to be ended: the file goes. */
  async close(): Promise<void> {
    await this.#writing;
    await rm(this.#path, { force: true });
  }

  /** One write at a time; a disk that refuses must not stop the serving. */
  #enqueue(task: () => Promise<void>): void {
    this.#writing = this.#writing.then(task).catch(() => {});
  }

  async #write(): Promise<void> {
    const content: RecordContent = {
      cookie: this.cookie,
      socketDir: this.#socketDir,
      children: [...this.#children.values()],
    };
    const temporary = `${this.#path}.part`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(content));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}

/** What an earlier supervisor left behind. */
export interface Swept {
  /** Processes that were still alive and have been ended. */
  readonly pids: readonly number[];
}

/**
 * Ends what a dead supervisor left behind, by its record; call only while holding the data folder's
 * lock. A process is ended only if its id, its start time and its cookie all say that it is ours.
 */
export async function sweep(path: string): Promise<Swept> {
  const record = await readRecord(path);
  if (record === undefined) return { pids: [] };
  const pids: number[] = [];
  for (const child of record.children) {
    if (!(await isOurs(child, record.cookie))) continue;
    if (end(child.pid)) pids.push(child.pid);
  }
  const { socketDir } = record;
  if (SOCKET_FOLDER_NAME.test(basename(socketDir))) await removeSocketFolder(socketDir);
  await rm(path, { force: true });
  return { pids };
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
    return false;
  }
}

async function readRecord(path: string): Promise<RecordContent | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function isOurs(child: ProcessIdentity, cookie: string): Promise<boolean> {
  if (child.started === '' || !(await isStillAlive(child))) return false;
  const environment = await readFile(`/proc/${child.pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`${COOKIE_VARIABLE}=${cookie}`);
}
