import type { LibraryHandle } from 'koffi';

/** How NVML takes an argument: an address (a handle or where to write), or a number of 32 or 64 bits. */
export type ArgumentKind = 'pointer' | 'uint32' | 'uint64';

/** A handle, a number, or memory that the function writes into. */
export type NvmlArgument = bigint | number | Buffer | null;

/** One of NVML's functions; they all answer a return code and write the rest into memory. */
export type NvmlFunction = (...values: NvmlArgument[]) => number;

/** NVIDIA's management library, as narrow as it can be: functions by name. */
export interface NvmlLibrary {
  /** Undefined if the library at hand does not have it. */
  find(name: string, takes: readonly ArgumentKind[]): NvmlFunction | undefined;
}

/** Where the driver puts the library; the second one is that of Windows' subsystem for Linux. */
const USUAL_PLACES = ['libnvidia-ml.so.1', '/usr/lib/wsl/lib/libnvidia-ml.so.1'];

const NATIVE_TYPES: Readonly<Record<ArgumentKind, string>> = {
  pointer: 'void *',
  uint32: 'uint32_t',
  uint64: 'uint64_t',
};

/**
 * Loads the library; its functions are looked up when they are first asked for.
 * @param path The one to load; without it, the driver's own.
 * @throws Error if there is none, or if what is there is no such library.
 */
export async function loadNvml(path?: string): Promise<NvmlLibrary> {
  // Only now: its native half is loaded too, and that must not hold up the handshake.
  const { default: koffi } = await import('koffi');
  const handle = loadFirst(path === undefined ? USUAL_PLACES : [path], (place) =>
    koffi.load(place),
  );
  const library: NvmlLibrary = { find: (name, takes) => find(handle, name, takes) };
  if (!library.find('nvmlInit_v2', []) && !library.find('nvmlInit', [])) {
    throw new Error(`${path ?? 'The library'} is not NVIDIA's management library: no nvmlInit.`);
  }
  return library;
}

function loadFirst(
  places: readonly string[],
  load: (place: string) => LibraryHandle,
): LibraryHandle {
  const refusals: string[] = [];
  for (const place of places) {
    try {
      return load(place);
    } catch (caught) {
      refusals.push(`${place}: ${caught instanceof Error ? caught.message : String(caught)}.`);
    }
  }
  // The first place is the one that people know; that the second has nothing says no more.
  throw new Error(refusals[0]);
}

function find(
  handle: LibraryHandle,
  name: string,
  takes: readonly ArgumentKind[],
): NvmlFunction | undefined {
  const types = takes.map((kind) => NATIVE_TYPES[kind]);
  try {
    const native: NvmlFunction = handle.func(name, 'int', types);
    return native;
  } catch {
    // koffi says no more than that there is no such symbol.
    return undefined;
  }
}
