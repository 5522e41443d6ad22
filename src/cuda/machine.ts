import { readFile } from 'node:fs/promises';
import { CUDA_MAJOR, LEAST_DRIVER, LEAST_GLIBC } from './pieces.js';
import { outputOf } from './programs.js';

const DRIVER_FILE = '/proc/driver/nvidia/version';
const QUERY = ['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'] as const;

/** What of a machine decides whether CUDA's libraries run on it. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Undefined where the C library is another one. */
  readonly glibc: string | undefined;
  /** Version of NVIDIA's driver; undefined where there is none that answers. */
  readonly driver: string | undefined;
}

/** Looks at this machine. */
export async function inspectMachine(signal?: AbortSignal): Promise<Machine> {
  const { platform, arch } = process;
  return { platform, arch, glibc: glibcVersion(), driver: await driverVersion(signal) };
}

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}

async function driverVersion(signal?: AbortSignal): Promise<string | undefined> {
  const version = /^\d+(?:\.\d+)+/;
  const said = version.exec((await outputOf(QUERY, signal)) ?? '')?.[0];
  if (said !== undefined) return said;
  const text = await readFile(DRIVER_FILE, 'utf8').catch(() => '');
  return /^NVRM version:.*?\s(\d+(?:\.\d+)+)\s/m.exec(text)?.[1];
}

/** Orders versions by their numbers; a version that is shorter comes first if the rest is equal. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number));
  for (let index = 0; ; index += 1) {
    const [a, b] = [left?.[index], right?.[index]];
    if (a === undefined || b === undefined) return (left?.length ?? 0) - (right?.length ?? 0);
    if (a !== b) return a - b;
  }
}

/** Why a driver is of no use, and what to do; undefined if it is fine, or there is none. */
export function driverProblem(driver: string | undefined): string | undefined {
  if (driver === undefined || Number.parseInt(driver, 10) >= LEAST_DRIVER) return undefined;
  return (
    `NVIDIA's driver is ${driver}, and CUDA ${CUDA_MAJOR} needs ${LEAST_DRIVER} or newer. ` +
    'Install a newer driver, or set TTS_GPUS=cpu and ASR_GPUS=cpu.'
  );
}

/** Says what keeps CUDA's libraries from running on a machine, each with what to do. */
export function machineProblems(machine: Machine): readonly string[] {
  const { platform, arch, glibc, driver } = machine;
  if (platform !== 'linux' || arch !== 'x64') {
    return [
      `This is ${platform} on ${arch}: onnxruntime-node computes on NVIDIA's GPUs on Linux on ` +
        'x64 only. Set TTS_GPUS=cpu and ASR_GPUS=cpu here.',
    ];
  }
  const problems: string[] = [];
  if (glibc === undefined) {
    const what = `The C library is not glibc, and CUDA's libraries need glibc ${LEAST_GLIBC}. `;
    problems.push(`${what}Use a distribution with glibc, such as Debian or Ubuntu.`);
  } else if (compareVersions(glibc, LEAST_GLIBC) < 0) {
    const what = `glibc is ${glibc}, and CUDA's libraries need ${LEAST_GLIBC} or newer. `;
    problems.push(`${what}Use a newer distribution.`);
  }
  const old = driverProblem(driver);
  return old === undefined ? problems : [...problems, old];
}
