import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../config/environment.js';
import { readBinding } from './binding.js';
import { checkLineSchema, NO_DEVICE, NO_DRIVER } from './check-report.js';
import type { CheckLine } from './check-report.js';
import {
  cudaEnvironment,
  installationFaults,
  LIBRARY_DIR,
  readCudaInstallation,
} from './installation.js';
import type { CudaInstallation } from './installation.js';
import { readLibrary } from './library.js';
import { driverProblem, inspectMachine } from './machine.js';
import { CUDA_PIECES, DRIVER_LIBRARY, LEAST_DRIVER, PROVIDER } from './pieces.js';
import { writeStandIn } from './stand-in-driver.js';

const CHECK_PROCESS = new URL('check-process.js', import.meta.url);
/** Hundreds of megabytes from a slow disk; the first use of a GPU may compile for it. */
const TIMEOUT_MS = 180_000;
const MAX_WORDS = 400;
/** Names of the driver's functions; no other library has such. */
const DRIVER_FUNCTION = /^cu[A-Z]\w*$/;
const SET_UP = 'Run `chorus setup cuda`.';

/** How a step came out; `warning`: there is nothing to mend, but no GPU to try it on. */
export interface CheckStep {
  readonly id: 'record' | 'libraries' | 'provider' | 'device' | 'graph';
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly advice?: string;
}

interface ChildEnd {
  readonly lines: readonly CheckLine[];
  /** What the process wrote to its error stream. */
  readonly errors: string;
  /** How it ended, if not well. */
  readonly failure: string | undefined;
}

/**
 * Tries an installation step by step and stops at the first that fails: the record and every file's
 * content, every library through the loader, the provider, the device, a graph computed on it.
 */
export async function checkCuda(dir: string, signal?: AbortSignal): Promise<readonly CheckStep[]> {
  const { step, installation } = await checkRecord(dir);
  if (installation === undefined) return [step];
  const env = childEnvironment();
  const search = cudaEnvironment(installation, env).LD_LIBRARY_PATH ?? '';
  const names = [DRIVER_LIBRARY, ...CUDA_PIECES.flatMap((piece) => loadable(piece.libraries))];
  const found = await runChild(['libraries', ...names], search, signal);
  const libraries = librariesStep(found, names.length);
  if (libraries.state === 'failed') return [step, libraries];
  const tried = await tryProvider({ installation, search, found, signal });
  const provider = providerStep(tried, hasDriver(found));
  if (provider.state === 'failed') return [step, libraries, provider];
  const device = await deviceStep(found);
  if (device.state !== 'ok') return [step, libraries, provider, device];
  return [step, libraries, provider, device, graphStep(tried)];
}

async function checkRecord(
  dir: string,
): Promise<{ readonly step: CheckStep; readonly installation?: CudaInstallation }> {
  const step = { id: 'record', title: 'Installation' } as const;
  const installation = await readCudaInstallation(dir);
  if (installation === undefined) {
    const detail = `there is none in ${dir}`;
    return { step: { ...step, state: 'failed', detail, advice: SET_UP } };
  }
  const { version } = await readBinding();
  const faults = await installationFaults(installation, { version, thoroughness: 'contents' });
  if (faults.length > 0) {
    return { step: { ...step, state: 'failed', detail: faults.join('\n'), advice: SET_UP } };
  }
  const { pieces } = installation.record;
  const files = pieces.reduce((sum, piece) => sum + piece.files.length, 0);
  const detail = `${dir}: ${files} files are what was recorded, for onnxruntime-node ${version}`;
  return { step: { ...step, state: 'ok', detail }, installation };
}

/** The provider's two libraries are ONNX Runtime's to load. */
function loadable(libraries: readonly string[]): readonly string[] {
  return libraries.filter((name) => !name.startsWith('libonnxruntime'));
}

function librariesStep({ lines, failure }: ChildEnd, wanted: number): CheckStep {
  const step = { id: 'libraries', title: 'Libraries' } as const;
  const tried = lines.filter((line) => line.tried === 'library');
  const missing = tried.filter(({ name, error }) => error !== undefined && name !== DRIVER_LIBRARY);
  if (missing.length > 0) {
    const detail = missing.map(({ name, error }) => `${name} does not load: ${error}`).join('\n');
    return { ...step, state: 'failed', detail, advice: SET_UP };
  }
  if (tried.length < wanted || failure !== undefined) {
    const last = tried.at(-1)?.name ?? 'nothing';
    const detail = `loading them ended after ${last}: ${failure ?? 'without a word'}`;
    return { ...step, state: 'failed', detail, advice: SET_UP };
  }
  return { ...step, state: 'ok', detail: `all ${wanted - 1} load` };
}

function hasDriver({ lines }: ChildEnd): boolean {
  return lines.some(
    (line) => line.tried === 'library' && line.name === DRIVER_LIBRARY && line.error === undefined,
  );
}

/** Where there is no driver, a library stands in for it, or the provider could not be loaded at all. */
async function tryProvider(trial: {
  readonly installation: CudaInstallation;
  readonly search: string;
  readonly found: ChildEnd;
  readonly signal?: AbortSignal | undefined;
}): Promise<ChildEnd> {
  const { installation, search, found, signal } = trial;
  if (hasDriver(found)) return runChild(['provider'], search, signal);
  const folder = await mkdtemp(join(tmpdir(), 'chorus-no-driver-'));
  try {
    const { names } = await readLibrary(join(installation.dir, LIBRARY_DIR, PROVIDER));
    const functions = names.filter((name) => DRIVER_FUNCTION.test(name));
    await writeStandIn(join(folder, DRIVER_LIBRARY), { soname: DRIVER_LIBRARY, functions });
    return await runChild(['provider'], `${search}${delimiter}${folder}`, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function providerLine({ lines }: ChildEnd): Extract<CheckLine, { tried: 'provider' }> | undefined {
  return lines.find((line) => line.tried === 'provider');
}

function providerStep(end: ChildEnd, isDriverHere: boolean): CheckStep {
  const step = { id: 'provider', title: 'Provider' } as const;
  const line = providerLine(end);
  if (line?.loaded === true) {
    const how = isDriverHere ? '' : ' (with a stand-in for the driver, which is not here)';
    return { ...step, state: 'ok', detail: `onnxruntime-node loads ${PROVIDER}${how}` };
  }
  const words = / with error: (.+)/.exec(end.errors)?.[1] ?? line?.refusal ?? end.failure;
  const detail = `${PROVIDER} does not load: ${short(words)}`;
  return { ...step, state: 'failed', detail, advice: SET_UP };
}

async function deviceStep({ lines }: ChildEnd): Promise<CheckStep> {
  const step = { id: 'device', title: 'Device' } as const;
  const answer = lines.find((line) => line.tried === 'devices');
  if (answer?.code === 0) return { ...step, state: 'ok', detail: `${answer.count} visible` };
  const { driver } = await inspectMachine();
  if (driver === undefined && answer?.code === NO_DRIVER) {
    const detail = 'no device: NVIDIA’s driver is not on this machine. All the rest is in place.';
    return { ...step, state: 'warning', detail };
  }
  if (answer?.code === NO_DEVICE) {
    return {
      ...step,
      state: 'warning',
      detail: `no device (${answer.words}). All the rest is in place.`,
    };
  }
  const detail = `CUDA answers ${answer?.code ?? 'nothing'}: ${answer?.words ?? ''}, driver ${driver ?? 'unknown'}`;
  const advice =
    driverProblem(driver) ??
    `Run \`nvidia-smi\`: it says what is wrong with the driver, which must be ${LEAST_DRIVER} or newer.`;
  return { ...step, state: 'failed', detail, advice };
}

function graphStep(end: ChildEnd): CheckStep {
  const step = { id: 'graph', title: 'Graph' } as const;
  const line = providerLine(end);
  if (line !== undefined && line.refusal === undefined) {
    return { ...step, state: 'ok', detail: 'a small graph computes on the GPU' };
  }
  const detail = `a small graph does not compute: ${short(line?.refusal ?? end.failure)}`;
  const advice =
    'Run `nvidia-smi` and `chorus doctor`: another program may hold the GPU or its memory.';
  return { ...step, state: 'failed', detail, advice };
}

function short(words: string | undefined): string {
  const text = (words ?? 'it gave no reason').replaceAll(/\s+/g, ' ');
  return (/CUDA failure \d+: [^;]+/.exec(text)?.[0] ?? text).trim().slice(0, MAX_WORDS);
}

function runChild(
  parameters: readonly string[],
  search: string,
  signal?: AbortSignal,
): Promise<ChildEnd> {
  const options = {
    env: childEnvironment({ LD_LIBRARY_PATH: search }),
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  } as const;
  const command = [fileURLToPath(CHECK_PROCESS), ...parameters];
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, command, options, (error, stdout, stderr) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const failure = error === null ? undefined : (child.signalCode ?? error.message);
      resolve({ lines: linesOf(stdout), errors: stderr, failure });
    });
    child.stdin?.end();
  });
}

function linesOf(output: string): CheckLine[] {
  return output.split('\n').flatMap((line) => {
    try {
      return [checkLineSchema.parse(JSON.parse(line))];
    } catch {
      // Native code may print what it likes.
      return [];
    }
  });
}
