import type { Gpu } from './gpus.js';

const VARIABLE = 'CUDA_VISIBLE_DEVICES';
const ORDER_VARIABLE = 'CUDA_DEVICE_ORDER';
const BY_NUMBER = /^\d+$/;
const BY_UUID = /^(?:GPU|MIG)-/i;
const MAX_SHOWN_CHARACTERS = 200;

interface Selection {
  /** UUIDs of GPUs and slices that CUDA programs may see; each whole GPU stands for its slices. */
  readonly uuids: readonly string[];
  /** Why not all that is listed counts; undefined if it does. */
  readonly problem: string | undefined;
}

/** The UUIDs that an entry may mean: all of them, so that the caller sees one that is ambiguous. */
function meantBy(entry: string, gpus: readonly Gpu[]): string[] {
  if (BY_NUMBER.test(entry)) {
    return gpus.filter(({ index }) => index === Number(entry)).map(({ uuid }) => uuid);
  }
  if (!BY_UUID.test(entry)) return [];
  const uuids = gpus.flatMap(({ uuid, slices }) => [uuid, ...slices.map((slice) => slice.uuid)]);
  const start = entry.toLowerCase();
  const exact = uuids.filter((uuid) => uuid.toLowerCase() === start);
  // Driver releases before 470 name slices by their GPU's UUID with a suffix: whole names go first.
  return exact.length > 0 ? exact : uuids.filter((uuid) => uuid.toLowerCase().startsWith(start));
}

/**
 * Reads a list of visible devices as CUDA does: numbers are nvidia-smi's, UUIDs may be cut short, the
 * first entry that is no device ends the list, and one device named twice leaves none. Sources: CUDA
 * programming guide, "CUDA Environment Variables"; the last rule is not in it, but both nvitop and
 * PyTorch's own counting of devices have it.
 */
function readList(value: string, gpus: readonly Gpu[]): Selection {
  const uuids: string[] = [];
  if (value.trim() === '') return { uuids, problem: undefined };
  for (const entry of value.split(',').map((item) => item.trim())) {
    const [uuid, another] = meantBy(entry, gpus);
    if (uuid === undefined || another !== undefined) {
      return { uuids, problem: entry === '-1' ? undefined : endedBy(entry, another !== undefined) };
    }
    if (uuids.includes(uuid)) return { uuids: [], problem: `names ${uuid} twice: none is visible` };
    uuids.push(uuid);
  }
  return { uuids, problem: undefined };
}

function endedBy(entry: string, isAmbiguous: boolean): string {
  const name = entry === '' ? 'an empty entry' : entry.slice(0, MAX_SHOWN_CHARACTERS);
  const why = isAmbiguous ? 'fits several devices' : 'is no device of this machine';
  return `has ${name}, which ${why}: it and all after it are ignored, as CUDA does`;
}

function shown(value: string): string {
  return `${VARIABLE}=${value.slice(0, MAX_SHOWN_CHARACTERS)}`;
}

/**
 * Marks the GPUs and slices that the operator hides from CUDA programs with `CUDA_VISIBLE_DEVICES`.
 * A slice is visible if it or its GPU is named; a GPU is hidden if it is not named and no slice is.
 */
export function markHidden(
  gpus: readonly Gpu[],
  env: NodeJS.ProcessEnv = process.env,
): readonly Gpu[] {
  const value = env[VARIABLE];
  if (value === undefined) return gpus;
  const visible = new Set(readList(value, gpus).uuids);
  const mark = { hiddenBy: shown(value) };
  return gpus.map((gpu) => {
    if (visible.has(gpu.uuid)) return gpu;
    const slices = gpu.slices.map((slice) =>
      visible.has(slice.uuid) ? slice : { ...slice, ...mark },
    );
    const isPartlyVisible = slices.some(({ hiddenBy }) => hiddenBy === undefined);
    return { ...gpu, slices, ...(isPartlyVisible ? {} : mark) };
  });
}

/** What an operator should know of a `CUDA_VISIBLE_DEVICES` that may not mean what was meant. */
export function visibilityWarnings(
  gpus: readonly Gpu[],
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  const value = env[VARIABLE];
  if (value === undefined || gpus.length === 0) return [];
  const { problem } = readList(value, gpus);
  const isOfOneKind = new Set(gpus.map(({ name }) => name)).size === 1;
  const isNumbered = value.split(',').some((entry) => BY_NUMBER.test(entry.trim()));
  const isUnsure = isNumbered && !isOfOneKind && env[ORDER_VARIABLE] !== 'PCI_BUS_ID';
  return [
    ...(problem === undefined ? [] : [`${shown(value)} ${problem}.`]),
    ...(isUnsure
      ? [
          `${shown(value)} names GPUs by number, and they are of several kinds: the numbers are ` +
            `read as nvidia-smi's, but other CUDA programs count the fastest GPU first unless ` +
            `${ORDER_VARIABLE}=PCI_BUS_ID is set. Name UUIDs.`,
        ]
      : []),
  ];
}
