import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { FromChild, ToChild } from '../../src/protocol/control.js';
import type { GpuReading, GpuReport, GpuSnapshot } from '../../src/protocol/gpus.js';
import type { FakeNvml } from '../support/fake-nvml.js';

/** The entry that is shipped; it looks once a second. */
export const SHIPPED_ENTRY = new URL('../../src/telemetry/nvml/main.js', import.meta.url);
/** The same, but it looks a hundred times a second. */
export const QUICK_ENTRY = new URL('quick-telemetry.js', import.meta.url);

/** What a telemetry process is started with. */
export interface TelemetryStart {
  readonly entry?: URL;
  /** Absent = the system's own, of which test machines have none. */
  readonly libraryPath?: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Waiter = (report: GpuReport) => void;

/** A telemetry process, forked as the supervisor forks it. */
export class TelemetryProcess {
  readonly reports: GpuReport[] = [];
  /** Types of all messages, in the order in which they came. */
  readonly messages: FromChild['type'][] = [];
  readonly #child: ChildProcess;
  readonly #waiters = new Set<Waiter>();

  constructor({ entry = QUICK_ENTRY, libraryPath, env = {} }: TelemetryStart) {
    this.#child = fork(fileURLToPath(entry), {
      serialization: 'advanced',
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#child.on('message', (message: FromChild) => this.#hear(message, libraryPath));
  }

  /** Starts one that reads a fake machine. */
  static of(nvml: FakeNvml, entry?: URL): TelemetryProcess {
    const { libraryPath, env } = nvml;
    return new TelemetryProcess({ libraryPath, env, ...(entry && { entry }) });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for its end and gives its exit code; null after a signal. */
  async ended(): Promise<number | null> {
    return (await this.#exit()).code;
  }

  /** Waits until so many messages of a kind have come since it began. */
  async message(type: FromChild['type'], times = 1): Promise<void> {
    while (this.messages.filter((one) => one === type).length < times) {
      await once(this.#child, 'message');
    }
  }

  /** Waits for a report from now on that is as wanted. */
  report(isWanted: (report: GpuReport) => boolean = () => true): Promise<GpuReport> {
    return new Promise((resolve) => {
      const waiter: Waiter = (report) => {
        if (!isWanted(report)) return;
        this.#waiters.delete(waiter);
        resolve(report);
      };
      this.#waiters.add(waiter);
    });
  }

  /** Waits for a snapshot from now on that is as wanted. */
  async snapshot(isWanted: (snapshot: GpuSnapshot) => boolean = () => true): Promise<GpuSnapshot> {
    const report = await this.report((one) => one.state === 'read' && isWanted(one.snapshot));
    if (report.state !== 'read') throw new Error(`It reports ${report.state}.`);
    return report.snapshot;
  }

  /** Waits until one GPU reads as wanted. */
  async gpu(index: number, isWanted: (gpu: GpuReading) => boolean): Promise<GpuReading> {
    const find = ({ gpus }: GpuSnapshot): GpuReading | undefined =>
      gpus.find((gpu) => gpu.index === index && isWanted(gpu));
    const gpu = find(await this.snapshot((snapshot) => find(snapshot) !== undefined));
    if (gpu === undefined) throw new Error('It was there a moment ago.');
    return gpu;
  }

  /** Asks it to end; answers its exit code. */
  async stop(): Promise<number | null> {
    this.#send({ type: 'stop' });
    return (await this.#exit()).code;
  }

  /** Ends it at once, whatever it does; answers the signal that it died of. */
  async kill(): Promise<NodeJS.Signals | null> {
    this.#child.kill('SIGKILL');
    return (await this.#exit()).signal;
  }

  async #exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await once(this.#child, 'exit');
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  #hear(message: FromChild, nvmlLibrary: string | undefined): void {
    this.messages.push(message.type);
    if (message.type === 'online') {
      const supervisorPid = process.pid;
      const library = nvmlLibrary === undefined ? {} : { nvmlLibrary };
      this.#send({ type: 'init', init: { role: 'telemetry', supervisorPid, ...library } });
    }
    if (message.type !== 'gpus') return;
    this.reports.push(message.report);
    for (const waiter of this.#waiters) waiter(message.report);
  }

  #send(message: ToChild): void {
    if (this.#child.connected) this.#child.send(message);
  }
}
