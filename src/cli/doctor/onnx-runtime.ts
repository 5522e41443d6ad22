import { fileURLToPath } from 'node:url';
import { resolveWorkers } from '../../config/devices.js';
import { childEnvironment } from '../../config/environment.js';
import { SettingsError } from '../../config/settings-error.js';
import { lookForCuda } from '../cuda-workers.js';
import { wordsOf } from './check.js';
import type { CheckContext, Finding } from './check.js';
import { probeReportSchema } from './onnx-report.js';
import type { ProbeReport } from './onnx-report.js';
import { runProgram } from './programs.js';

const PROBE = new URL('onnx-probe.js', import.meta.url);
const MAX_REFUSAL_CHARACTERS = 400;
const REINSTALL =
  'Run `npm ci` on this machine: the library is damaged, or is that of another system.';
const GET_CUDA =
  'Run `chorus setup cuda`, which lays down the libraries of CUDA 13, and `chorus setup cuda ' +
  '--check`, which says how far they get; or set TTS_GPUS=cpu and ASR_GPUS=cpu.';

interface ProbeRun {
  /** Module that the child process runs. */
  readonly entry: URL;
  /** Where to compute; undefined = the CPU. */
  readonly gpu?: PlannedGpu;
  /** What workers on GPUs have in their environment besides. */
  readonly cuda?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs the probe in a process of its own. @throws Error with the words of a crash. */
async function probe({ entry, gpu, cuda, signal }: ProbeRun): Promise<ProbeReport> {
  const provider = gpu === undefined ? 'cpu' : 'cuda';
  const command = [process.execPath, fileURLToPath(entry), provider] as const;
  const env = childEnvironment({ ...cuda, CUDA_VISIBLE_DEVICES: gpu?.uuid ?? '' });
  const end = await runProgram({ command, signal, env });
  if (end.kind === 'failed') throw new Error(end.reason);
  return probeReportSchema.parse(JSON.parse(end.output));
}

/** Why a device does not compute, a crash included; undefined if it does. */
function refusalOf(outcome: PromiseSettledResult<ProbeReport>): string | undefined {
  const words = outcome.status === 'rejected' ? wordsOf(outcome.reason) : outcome.value.refusal;
  return words?.replaceAll(/\s+/g, ' ').slice(0, MAX_REFUSAL_CHARACTERS);
}

/** A GPU that a worker would compute on. */
export interface PlannedGpu {
  readonly uuid: string;
  readonly name: string;
}

/** GPUs that workers would compute on, each once. */
export async function plannedGpus({
  settings,
  gpus,
}: CheckContext): Promise<readonly PlannedGpu[]> {
  try {
    const devices = resolveWorkers(settings, await gpus).map(({ device }) => device);
    const onGpu = devices.filter((device) => device.kind === 'gpu');
    return [...new Map(onGpu.map(({ uuid, name }) => [uuid, { uuid, name }])).values()];
  } catch (caught) {
    // The check of the workers tells that; here there is nothing to try.
    if (caught instanceof SettingsError) return [];
    throw caught;
  }
}

/**
 * Looks whether ONNX Runtime loads and computes, on the CPU and on every GPU that a worker is
 * planned for.
 * @param entry Module of the child process that tries it.
 */
export async function checkOnnxRuntime(context: CheckContext, entry = PROBE): Promise<Finding> {
  const run = { entry, signal: context.signal };
  const [cpu] = await Promise.allSettled([probe(run)]);
  const refusal = refusalOf(cpu);
  if (cpu.status === 'rejected' || refusal !== undefined) {
    return { state: 'failed', detail: `It does not compute: ${refusal}`, advice: REINSTALL };
  }
  const { version, backends } = cpu.value;
  const head = `${version} computes on the CPU; backends: ${backends.join(', ')}`;
  const gpus = await plannedGpus(context);
  const { environment: cuda } = await lookForCuda(context.settings.cudaDir);
  const outcomes = await Promise.allSettled(gpus.map((gpu) => probe({ ...run, gpu, cuda })));
  const refusals = outcomes.map(refusalOf);
  const detail = [head, ...gpus.map((gpu, index) => sayGpu(gpu, refusals[index]))].join('\n');
  if (refusals.every((words) => words === undefined)) return { state: 'ok', detail };
  return { state: context.settings.requireGpu ? 'failed' : 'warning', detail, advice: GET_CUDA };
}

function sayGpu({ name, uuid }: PlannedGpu, refusal: string | undefined): string {
  const answer = refusal === undefined ? 'computes' : `does not compute: ${refusal}`;
  return `${name} ${uuid} ${answer}`;
}
