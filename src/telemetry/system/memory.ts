import { join } from 'node:path';
import { memoryLimits, smallest } from './cgroups.js';
import { type SpaceFigures, UNKNOWN_SPACE } from './figures.js';
import { type KernelFolders, keyedNumbers, textOf } from './kernel-files.js';

const BYTES_PER_KB = 1024;

/** Memory of the tightest group that limits it, else of the host. */
export async function memoryFigures(
  { procDir }: KernelFolders,
  groups: readonly string[],
): Promise<SpaceFigures> {
  const [text, limits] = await Promise.all([
    textOf(join(procDir, 'meminfo')),
    memoryLimits(groups),
  ]);
  const host = hostMemory(text);
  const hostTotal = host.totalBytes ?? Infinity;
  const tight = limits.filter(({ totalBytes }) => totalBytes < hostTotal);
  const tightest = smallest(tight, ({ totalBytes }) => totalBytes);
  if (tightest === undefined) return host;
  // A wider group above, or the host, may have less left than the tightest one.
  const left = tight.map(({ totalBytes, usedBytes }) => totalBytes - usedBytes);
  const availableBytes = Math.max(0, Math.min(...left, host.availableBytes ?? Infinity));
  return { ...tightest, availableBytes };
}

function hostMemory(text: string | undefined): SpaceFigures {
  const kilobytes = keyedNumbers(text);
  const total = kilobytes.get('MemTotal');
  // What the kernel thinks that programs can have without swapping; caches are counted in.
  const available = kilobytes.get('MemAvailable');
  if (total === undefined || available === undefined) return UNKNOWN_SPACE;
  return {
    totalBytes: total * BYTES_PER_KB,
    usedBytes: (total - available) * BYTES_PER_KB,
    availableBytes: available * BYTES_PER_KB,
  };
}
