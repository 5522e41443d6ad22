import { fileURLToPath } from 'node:url';
import { resolveWorkers } from '../../config/devices.js';
import { childEnvironment } from '../../config/environment.js';
import { SettingsError } from '../../config/settings-error.js';
import type { CheckContext, Finding } from './check.js';
import { probeReportSchema } from './onnx-report.js';
import type { ProbeReport } from './onnx-report.js';
import { runProgram } from './programs.js';

const PROBE = new URL('onnx-probe.js', import.meta.url);
const MAX_REFUSAL_CHARACTERS = 400;
const REINSTALL =
  'Run `npm ci` on this machine: the library is damaged, or is that of another system.';
const GET_CUDA =
  'Run `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node`, and install CUDA 12 and ' +
  'cuDNN 9; or set TTS_GPUS=cpu and ASR_GPUS=cpu.';

interface ProbeRun {
  /** Module that the child process runs. */
  readonly entry: URL;
  /** UUID of the GPU to compute on; undefined = the CPU. */
  readonly gpu?: string;
  readonly signal: AbortSignal;
}

/** Runs the probe in a process of its own. @throws Error with the words of a crash. */
async function probe({ entry, gpu, signal }: ProbeRun): Promise<ProbeReport> {
  const provider = gpu === undefined ? 'cpu' : 'cuda';
  const command = [process.execPath, fileURLToPath(entry), provider] as const;
  const env = childEnvironment({ CUDA_VISIBLE_DEVICES: gpu ?? '' });
  const end = await runProgram({ command, signal, env });
  if (end.kind === 'failed') throw new Error(end.reason);
  return probeReportSchema.parse(JSON.parse(end.output));
}

interface PlannedGpu {
  readonly uuid: string;
  readonly name: string;
}

/** GPUs that workers would compute on, each once. */
async function plannedGpus({ settings, gpus }: CheckContext): Promise<readonly PlannedGpu[]> {
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

/** Why a GPU does not compute; undefined if it does. */
async function refusalOf(gpu: PlannedGpu, run: ProbeRun): Promise<string | undefined> {
  const refusal = await probe({ ...run, gpu: gpu.uuid }).then(
    (report) => report.refusal,
    (caught: unknown) => (caught instanceof Error ? caught.message : String(caught)),
  );
  const words = refusal?.replaceAll(/\s+/g, ' ').slice(0, MAX_REFUSAL_CHARACTERS);
  return words === undefined ? undefined : `${gpu.name} ${gpu.uuid} does not compute: ${words}`;
}

/**
 * Looks whether ONNX Runtime loads and computes, on the CPU and on every GPU that a worker is
 * planned for.
 * @param entry Module of the child process that tries it.
 */
export async function checkOnnxRuntime(context: CheckContext, entry = PROBE): Promise<Finding> {
  const run = { entry, signal: context.signal };
  let report: ProbeReport;
  try {
    report = await probe(run);
  } catch (caught) {
    const detail = `It does not load: ${caught instanceof Error ? caught.message : String(caught)}`;
    return { state: 'failed', detail, advice: REINSTALL };
  }
  if (report.refusal !== undefined) {
    return { state: 'failed', detail: report.refusal, advice: REINSTALL };
  }
  const gpus = await plannedGpus(context);
  const refusals = await Promise.all(gpus.map((gpu) => refusalOf(gpu, run)));
  const told = refusals.filter((refusal) => refusal !== undefined);
  const works = ['the CPU', ...gpus.filter((_, n) => refusals[n] === undefined).map((g) => g.name)];
  const names = `backends: ${report.backends.join(', ')}`;
  const detail = [`${report.version} computes on ${works.join(', ')}; ${names}`, ...told].join(
    '\n',
  );
  if (told.length === 0) return { state: 'ok', detail };
  const state = context.settings.requireGpu ? 'failed' : 'warning';
  return { state, detail, advice: GET_CUDA };
}
