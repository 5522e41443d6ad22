/**
 * GPUs whose memory real processes take: each writes what it takes into a folder, and the fake
 * driver tells it from then on, until the process is dead. Neither side guesses when the other is
 * ready: who takes memory waits until the driver tells it.
 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { FakeNvml, FakeProcess } from './fake-nvml.js';

const INTERVAL_MS = 5;

interface Claim {
  readonly pid: number;
  readonly uuid: string;
  readonly bytes: number;
}

/** Says that this process takes so much of its GPU for a model; resolves when the driver knows it. */
export async function claim(folder: string, model: string, bytes: number): Promise<void> {
  const path = join(folder, `${process.pid}.${model}.claim`);
  const known = `${path}.known`;
  const uuid = process.env['CUDA_VISIBLE_DEVICES'];
  writeFileSync(`${path}.part`, JSON.stringify({ pid: process.pid, uuid, bytes }));
  renameSync(`${path}.part`, path);
  while (!existsSync(known) || readFileSync(known, 'utf8') !== String(bytes)) {
    await delay(INTERVAL_MS);
  }
}

/** How the driver names the processes: as they are, by others' ids, or without their memory. */
export type ProcessesTold = 'known' | 'foreign' | 'unknown';

/** Keeps the fake driver's lists true. */
export class ClaimedVram {
  /** Where processes write. */
  readonly folder = mkdtempSync(join(tmpdir(), 'chorus-claims-'));
  told: ProcessesTold = 'known';
  readonly #nvml: FakeNvml;
  readonly #following: Promise<void>;
  /** What other programs have of each GPU, and what the driver knows of that. */
  #othersBytes = 0;
  #toldOthersBytes = 0;
  #isOver = false;
  #written = '';

  constructor(nvml: FakeNvml) {
    this.#nvml = nvml;
    this.#following = this.#follow();
  }

  /** Other programs take so much from now on; resolves when the driver knows it. */
  async others(bytes: number): Promise<void> {
    this.#othersBytes = bytes;
    // Only one may write: the driver's file is replaced in two steps.
    while (this.#toldOthersBytes !== bytes) await delay(INTERVAL_MS);
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    await this.#following;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      await this.#write();
      await delay(INTERVAL_MS);
    }
  }

  async #write(): Promise<void> {
    const names = readdirSync(this.folder).filter((name) => name.endsWith('.claim'));
    const read = names.map((name) => readClaim(join(this.folder, name)));
    const claims = read.filter(lives);
    const others = this.#othersBytes;
    const text = JSON.stringify([claims, this.told, others]);
    if (text !== this.#written) {
      const gpus = this.#nvml.state.gpus.map((gpu) => {
        const here = claims.filter(({ uuid }) => uuid === gpu.uuid);
        const usedBytes = here.reduce((sum, { bytes }) => sum + bytes, others);
        const processes = processesOf(here, this.told);
        return { ...gpu, memory: { ...gpu.memory!, usedBytes }, processes };
      });
      await this.#nvml.set({ gpus });
      this.#written = text;
      this.#toldOthersBytes = others;
    }
    for (const [at, name] of names.entries()) {
      writeFileSync(join(this.folder, `${name}.known`), String(read[at]!.bytes));
    }
  }
}

function readClaim(path: string): Claim {
  return JSON.parse(readFileSync(path, 'utf8')) as Claim;
}

function processesOf(claims: readonly Claim[], told: ProcessesTold): FakeProcess[] {
  const pids = [...new Set(claims.map(({ pid }) => pid))];
  return pids.map((pid) => {
    const memoryBytes = claims
      .filter((one) => one.pid === pid)
      .reduce((sum, { bytes }) => sum + bytes, 0);
    if (told === 'unknown') return { pid };
    return { pid: told === 'foreign' ? pid + 10_000_000 : pid, memoryBytes };
  });
}

/** A driver takes back what a dead process had. */
function lives({ pid }: Claim): boolean {
  try {
    // A dead one that its parent has not looked after yet has no memory either.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
