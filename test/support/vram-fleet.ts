import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { childEnvironment } from '../../src/config/environment.js';
import { type Footprint, writeFootprint } from '../../src/models/footprints.js';
import { modelBuild } from '../../src/models/model-build.js';
import type { Device } from '../../src/protocol/control.js';
import { Supervisor, type SupervisorOptions } from '../../src/supervisor/supervisor.js';
import { CLAIMING_FILE, type ClaimingModel } from '../workers/claiming-engine.js';
import { ClaimedVram } from './claimed-vram.js';
import { FakeNvml, fakeGpu } from './fake-nvml.js';
import { SCRIPTED_CARD } from './scripted-card.js';

const GIB = 2 ** 30;
const TEST_NAME = 'NVIDIA L4';

/** A line of a fleet's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** Models in a folder that outlives the fleets, and a GPU whose memory they take. */
export class VramMachine {
  readonly lines: LogLine[] = [];
  readonly vram: ClaimedVram;
  readonly nvml: FakeNvml;
  readonly #root: string;
  readonly #fleets: Supervisor[] = [];

  private constructor(root: string, nvml: FakeNvml) {
    this.#root = root;
    this.nvml = nvml;
    this.vram = new ClaimedVram(nvml);
  }

  /** One GPU of 24 GiB, none of it in use. */
  static async create(): Promise<VramMachine> {
    const memory = { totalBytes: 24 * GIB, usedBytes: 0, reservedBytes: 0 };
    const nvml = await FakeNvml.create({ gpus: [fakeGpu(0, { memory, name: TEST_NAME })] });
    return new VramMachine(await mkdtemp(join(tmpdir(), 'chorus-vram-')), nvml);
  }

  /** A model's folder. */
  dir(model: string): string {
    return join(this.#root, model);
  }

  /** Puts a model there, or changes what it takes (which is no change of its weights). */
  async model(id: string, model: Partial<ClaimingModel>): Promise<void> {
    const plain = { claims: this.vram.folder, contextBytes: 0, loadBytes: 0, provider: 'cuda' };
    const whole = { ...plain, peakBytes: model.loadBytes ?? 0, ...model };
    await mkdir(this.dir(id), { recursive: true });
    await writeFile(
      join(this.dir(id), 'model.yaml'),
      SCRIPTED_CARD.replace('id: scripted', `id: ${id}`),
    );
    await writeFile(join(this.dir(id), CLAIMING_FILE), JSON.stringify(whole));
  }

  /** Has a model's folder say what it takes, as if it had been measured on the GPU. */
  async remember(id: string, figures: Pick<Footprint, 'opensContext' | 'loadBytes' | 'peakBytes'>) {
    await writeFootprint(this.dir(id), {
      gpu: TEST_NAME,
      precision: 'default',
      replicas: 1,
      build: await modelBuild(this.dir(id), id),
      isEstimated: false,
      ...figures,
    });
  }

  /** Starts a server's fleet on the GPU and waits until it is settled. */
  async start(
    workers: readonly (readonly string[])[],
    options: Partial<SupervisorOptions> = {},
  ): Promise<Supervisor> {
    this.lines.length = 0;
    const { uuid, name } = this.nvml.state.gpus[0]!;
    const device: Device = { kind: 'gpu', index: 0, uuid, name };
    const supervisor = await Supervisor.create({
      workers: workers.map((models, n) => ({
        id: `gpu-0${n === 0 ? '' : `-${n}`}`,
        device,
        models: models.map((id) => ({
          id,
          service: 'tts',
          dir: this.dir(id),
          replicas: 1,
          threads: 1,
        })),
      })),
      workerEntry: new URL('../workers/claiming-entry.js', import.meta.url),
      mediaEntry: new URL('../workers/idle-entry.js', import.meta.url),
      mediaThreads: { decode: 1, encode: 1 },
      telemetryEntry: new URL('../fake-nvml/quick-telemetry.js', import.meta.url),
      nvmlLibrary: this.nvml.libraryPath,
      environment: (additions) => ({ ...childEnvironment(additions), ...this.nvml.env }),
      log: this.#log(),
      requireGpu: false,
      capacity: { tts: 4, asr: 4 },
      maxQueue: 16,
      queueTimeoutMs: 30_000,
      maxStreams: 16,
      drainTimeoutMs: 5_000,
      stepTimeoutMs: 120_000,
      dataDir: join(this.#root, 'data'),
      ...options,
    });
    this.#fleets.push(supervisor);
    await supervisor.start();
    return supervisor;
  }

  /** Lines of the log that have these words. */
  logged(words: RegExp): LogLine[] {
    return this.lines.filter(({ message }) => words.test(message));
  }

  async dispose(): Promise<void> {
    for (const fleet of this.#fleets) await fleet.stop(0);
    await this.vram.dispose();
    await this.nvml.dispose();
    await rm(this.#root, { recursive: true, force: true });
  }

  #log(): SupervisorOptions['log'] {
    const note = (fields: object, message: string): void => {
      this.lines.push({ ...fields, message });
    };
    return { debug: note, info: note, warn: note, error: note };
  }
}
