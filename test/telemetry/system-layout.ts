import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KernelFolders } from '../../src/telemetry/system/kernel-files.js';
import { SystemSampler, type SamplerClock } from '../../src/telemetry/system/sampler.js';

/** Files as a kernel would show them, by path below the root: `proc/stat`, `sys/fs/cgroup/…`. */
export type KernelFiles = Readonly<Record<string, string>>;

/** A folder with files of the kernel's kind, and a clock that only the test moves. */
export class KernelLayout implements SamplerClock {
  readonly folders: KernelFolders;
  /** How long the sampler has waited, each time. */
  readonly waits: number[] = [];
  /** Called while the sampler waits: what the kernel counts meanwhile. */
  onWait: () => Promise<void> = () => Promise.resolve();
  readonly root: string;
  #nowMs = 0;

  private constructor(root: string) {
    this.root = root;
    this.folders = { procDir: join(root, 'proc'), sysDir: join(root, 'sys') };
  }

  static async create(files: KernelFiles): Promise<KernelLayout> {
    const layout = new KernelLayout(await mkdtemp(join(tmpdir(), 'chorus-kernel-')));
    await layout.write(files);
    return layout;
  }

  async write(files: KernelFiles): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  sampler(): SystemSampler {
    const { folders, root } = this;
    return new SystemSampler({ diskDir: root, folders, platform: 'linux', clock: this });
  }

  nowMs(): number {
    return this.#nowMs;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  async wait(ms: number): Promise<void> {
    this.waits.push(ms);
    this.pass(ms);
    await this.onWait();
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

/** `/proc/stat` of cores that have computed and rested so many ticks each. */
export function procStat(...cores: { readonly busy: number; readonly idle: number }[]): string {
  const row = (name: string, busy: number, idle: number): string => {
    const waiting = Math.floor(idle / 2);
    // user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user.
    return `${name} ${busy - 6} 1 2 ${idle - waiting} ${waiting} 1 1 1 ${busy - 6} 0`;
  };
  const sum = (field: 'busy' | 'idle'): number =>
    cores.reduce((total, core) => total + core[field], 0);
  return [
    row('cpu ', sum('busy'), sum('idle')),
    ...cores.map(({ busy, idle }, n) => row(`cpu${n}`, busy, idle)),
    'intr 123 0 0',
    'ctxt 456',
    '',
  ].join('\n');
}

const GIB_IN_KB = 1024 ** 2;

/** `/proc/meminfo` of a computer, in GiB. */
export function memInfo(totalGib: number, availableGib: number): string {
  return [
    `MemTotal:       ${totalGib * GIB_IN_KB} kB`,
    `MemFree:        ${GIB_IN_KB} kB`,
    `MemAvailable:   ${availableGib * GIB_IN_KB} kB`,
    'HugePages_Total:       0',
    '',
  ].join('\n');
}

/** `/proc/net/dev`: received and sent bytes of each interface; packets are a hundredth. */
export function netDev(interfaces: Readonly<Record<string, readonly [number, number]>>): string {
  const rows = Object.entries(interfaces).map(
    ([name, [received, sent]]) =>
      `${name.padStart(6)}: ${received} ${received / 100} 0 0 0 0 0 0 ` +
      `${String(sent).padStart(8)} ${sent / 100} 0 0 0 0 0 0`,
  );
  const head = ['Inter-|   Receive   |  Transmit', ' face |bytes packets errs |bytes packets errs'];
  return [...head, ...rows, ''].join('\n');
}
