import { availableCores } from '../../config/cores.js';
import { resolveWorkers } from '../../config/devices.js';
import type { WorkerPlan } from '../../config/devices.js';
import { SettingsError } from '../../config/settings-error.js';
import type { CheckContext, Finding } from './check.js';

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function describe({ id, device, services, replicas, threads }: WorkerPlan): string {
  const place = device.kind === 'gpu' ? ` (${device.name})` : '';
  const sizes = services.map((service) => {
    const size = `${counted(replicas[service], 'replica')} × ${counted(threads[service], 'thread')}`;
    return `${service} ${size}`;
  });
  return `${id}${place}: ${sizes.join(', ')} for each model`;
}

/** Threads that compute at once, if every worker works on the service that keeps it busiest. */
function busyThreads(plans: readonly WorkerPlan[]): number {
  const onCpu = plans.filter(({ device }) => device.kind === 'cpu');
  const busiest = onCpu.map(({ services, replicas, threads }) =>
    Math.max(...services.map((service) => replicas[service] * threads[service])),
  );
  return busiest.reduce((sum, count) => sum + count, 0);
}

/** Says which workers the settings and the GPUs come to, as a start would make them. */
export async function checkWorkers({ settings, gpus }: CheckContext): Promise<Finding> {
  const found = await gpus;
  const cores = availableCores();
  try {
    const plans = resolveWorkers(settings, found, cores);
    const detail = [...plans.map(describe), `${counted(cores, 'core')} to compute on`].join('\n');
    const busy = busyThreads(plans);
    // More workers than cores is the user's word (`cpu,cpu`); each must have a thread at least.
    if (busy <= Math.max(cores, plans.length)) return { state: 'ok', detail };
    return {
      state: 'warning',
      detail: `${detail}, but ${busy} threads would compute at once`,
      advice: 'Lower TTS_REPLICAS, ASR_REPLICAS, WORKERS, TTS_THREADS or ASR_THREADS.',
    };
  } catch (caught) {
    if (!(caught instanceof SettingsError)) throw caught;
    return {
      state: 'failed',
      detail: caught.problems.join('\n'),
      advice: 'Correct TTS_GPUS and ASR_GPUS, or remove them to use what is here.',
    };
  }
}
