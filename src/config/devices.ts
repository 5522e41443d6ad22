import type { Device } from '../protocol/control.js';
import type { Service } from '../protocol/requests.js';
import { availableCores } from './cores.js';
import type { Gpu } from './gpus.js';
import { SettingsError } from './settings-error.js';
import type { DeviceSelection, ServiceSettings, Settings } from './settings.js';

/** A number for each service. */
export type PerService = Readonly<Record<Service, number>>;

/** What one worker process is to be: made from the settings and the GPUs that there are. */
export interface WorkerPlan {
  /** Unique, and fit for a metric's label and a file's name. */
  readonly id: string;
  readonly device: Device;
  readonly services: readonly Service[];
  /** Replicas of each model; 0 for a service that the worker does not host. */
  readonly replicas: PerService;
  /** Intra-op threads of each replica. */
  readonly threads: PerService;
}

interface Placed {
  readonly device: Device;
  /** `cpu`, `gpu-0`, `gpu-0-mig-1`: without the number of the worker on it. */
  readonly label: string;
  /** Why it must not be used, though it is there. */
  readonly hiddenBy?: string;
}

interface Draft extends Placed {
  readonly occurrence: number;
  readonly services: Service[];
}

const MAX_CPU_REPLICAS = 2;
/** A degraded GPU worker computes on these; on the GPU itself they only feed it. */
const MAX_GPU_THREADS = 4;
const CPU: Placed = { device: { kind: 'cpu' }, label: 'cpu' };

function placedOn(gpu: Gpu): Placed[] {
  const { index, uuid, name } = gpu;
  if (gpu.slices.length === 0) {
    return [{ device: { kind: 'gpu', index, uuid, name }, label: `gpu-${index}`, ...mark(gpu) }];
  }
  return gpu.slices.map((slice, number) => ({
    device: { kind: 'gpu', index, uuid: slice.uuid, name: `${name} ${slice.name}` },
    label: `gpu-${index}-mig-${number}`,
    ...mark(slice),
  }));
}

function mark({ hiddenBy }: Pick<Gpu, 'hiddenBy'>): Pick<Gpu, 'hiddenBy'> {
  return hiddenBy === undefined ? {} : { hiddenBy };
}

function isVisible({ hiddenBy }: Pick<Gpu, 'hiddenBy'>): boolean {
  return hiddenBy === undefined;
}

/** Says what may be used, for whoever named something else. */
function describe(gpus: readonly Gpu[]): string {
  if (gpus.length === 0) return 'nvidia-smi lists no GPU on this machine; cpu always works';
  const lines = gpus
    .filter(isVisible)
    .flatMap((gpu) => [
      `${gpu.index} ${gpu.name} ${gpu.uuid}`,
      ...gpu.slices.filter(isVisible).map((slice) => `${slice.name} ${slice.uuid}`),
    ]);
  const hidden = gpus.flatMap(placedOn).find((placed) => !isVisible(placed));
  if (lines.length === 0) return `${hidden?.hiddenBy} hides all GPUs; cpu always works`;
  const rest = hidden === undefined ? '' : ` (${hidden.hiddenBy} hides the others)`;
  return `there are: ${lines.join(', ')}; and cpu${rest}`;
}

function find(name: string, gpus: readonly Gpu[]): Placed[] {
  if (name === 'cpu') return [CPU];
  if (/^\d+$/.test(name)) {
    return gpus.filter((gpu) => gpu.index === Number(name)).flatMap(placedOn);
  }
  const isMeant = (uuid: string): boolean => uuid.toLowerCase() === name.toLowerCase();
  const whole = gpus.filter(({ uuid }) => isMeant(uuid)).flatMap(placedOn);
  if (whole.length > 0) return whole;
  return gpus
    .flatMap(placedOn)
    .filter(({ device }) => device.kind === 'gpu' && isMeant(device.uuid));
}

function select(
  setting: string,
  selection: DeviceSelection,
  gpus: readonly Gpu[],
): { readonly placed: readonly Placed[]; readonly problems: readonly string[] } {
  if (selection.kind === 'auto') {
    const placed = gpus.flatMap(placedOn).filter(isVisible);
    return { placed: placed.length > 0 ? placed : [CPU], problems: [] };
  }
  const found = selection.devices.map((name) => ({ name, all: find(name, gpus) }));
  const missing = found.filter(({ all }) => all.length === 0).map(({ name }) => name);
  const hidden = found.filter(({ all }) => all.length > 0 && !all.some(isVisible));
  const problems = [
    ...problemOf(missing, (list) => `${setting} names ${list}, which is not here: `),
    ...problemOf(
      hidden.map(({ name }) => name),
      (list) =>
        `${setting} names ${list}, but CUDA_VISIBLE_DEVICES keeps it from Chorus. ` +
        'Name it there too, or another one here: ',
    ),
  ].map((problem) => `${problem}${describe(gpus)}.`);
  return { placed: found.flatMap(({ all }) => all.filter(isVisible)), problems };
}

function problemOf(names: readonly string[], words: (list: string) => string): string[] {
  return names.length === 0 ? [] : [words([...new Set(names)].join(', '))];
}

/** The n-th time that a service names a device joins the n-th time that the other one names it. */
function pair(drafts: Draft[], service: Service, placed: readonly Placed[]): void {
  const times = new Map<string, number>();
  for (const { device, label } of placed) {
    const occurrence = times.get(label) ?? 0;
    times.set(label, occurrence + 1);
    const known = drafts.find((draft) => draft.label === label && draft.occurrence === occurrence);
    if (known === undefined) drafts.push({ device, label, occurrence, services: [service] });
    else known.services.push(service);
  }
}

function idOf({ device, label, occurrence }: Draft): string {
  if (device.kind === 'cpu') return `cpu-${occurrence}`;
  return occurrence === 0 ? label : `${label}-${occurrence}`;
}

/** Replicas × threads ≤ cores, unless the user says otherwise. */
function sizing(
  settings: ServiceSettings,
  device: Device,
  cores: number,
): { readonly replicas: number; readonly threads: number } {
  if (device.kind === 'gpu') {
    const threads = settings.threads ?? Math.min(MAX_GPU_THREADS, cores);
    return { replicas: settings.replicas ?? 1, threads };
  }
  const fitting = Math.max(1, Math.floor(cores / (settings.threads ?? 1)));
  const replicas = settings.replicas ?? Math.min(MAX_CPU_REPLICAS, fitting);
  const threads = settings.threads ?? Math.max(1, Math.floor(cores / replicas));
  return { replicas, threads };
}

function planOf(draft: Draft, settings: Settings, cores: number): WorkerPlan {
  const replicas: Record<Service, number> = { tts: 0, asr: 0 };
  const threads: Record<Service, number> = { tts: 0, asr: 0 };
  for (const service of draft.services) {
    const size = sizing(settings[service], draft.device, cores);
    replicas[service] = size.replicas;
    threads[service] = size.threads;
  }
  return {
    id: idOf(draft),
    device: draft.device,
    services: draft.services,
    replicas,
    threads,
  };
}

/**
 * Decides which workers there are: one for each device, hosting every service that names it. A GPU
 * that is cut into slices stands for all of them.
 * @throws SettingsError when a GPU that is named is not there, or one is required and none is.
 */
export function resolveWorkers(
  settings: Settings,
  gpus: readonly Gpu[],
  cores: number = availableCores(),
): WorkerPlan[] {
  const drafts: Draft[] = [];
  const problems: string[] = [];
  for (const service of ['tts', 'asr'] as const) {
    if (settings[service].models.length === 0) continue;
    const setting = `${service.toUpperCase()}_GPUS`;
    const chosen = select(setting, settings[service].devices, gpus);
    problems.push(...chosen.problems);
    if (settings.requireGpu && chosen.placed.some(({ device }) => device.kind === 'cpu')) {
      problems.push(`REQUIRE_GPU=true, but ${setting} comes to cpu: ${describe(gpus)}.`);
    }
    pair(drafts, service, chosen.placed);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  const share = Math.max(1, Math.floor(cores / drafts.length));
  return drafts.map((draft) => planOf(draft, settings, share));
}
