import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { ownGroups } from './cgroups.js';
import { type CpuPoint, cpuPoint } from './cpu.js';
import type { NetworkFigures, SpaceFigures } from './figures.js';
import type { KernelFolders } from './kernel-files.js';
import { memoryFigures } from './memory.js';
import { networkFigures } from './network.js';

/** Where the figures of a system come from. Nothing here ever rejects. */
export interface SystemSource {
  cpu(): Promise<CpuPoint | undefined>;
  memory(): Promise<SpaceFigures>;
  network(): Promise<NetworkFigures>;
}

/** Linux, from the files in which the kernel tells about itself. */
export function kernelSource(folders: KernelFolders, nowMs: () => number): SystemSource {
  return {
    cpu: async () => cpuPoint({ ...folders, groups: await ownGroups(folders), nowMs }),
    memory: async () => memoryFigures(folders, await ownGroups(folders)),
    network: () => networkFigures(folders),
  };
}

/** Any other system, from what Node.js knows of it: no containers and no network. */
export const NODE_SOURCE: SystemSource = {
  cpu: () => Promise.resolve(nodeCpu()),
  memory() {
    const [totalBytes, availableBytes] = [totalmem(), freemem()];
    return Promise.resolve({ totalBytes, usedBytes: totalBytes - availableBytes, availableBytes });
  },
  network: () =>
    Promise.resolve({
      bytesSent: null,
      bytesReceived: null,
      packetsSent: null,
      packetsReceived: null,
    }),
};

function nodeCpu(): CpuPoint {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const { user, nice, sys, irq, idle } = times;
    busy += user + nice + sys + irq;
    total += user + nice + sys + irq + idle;
  }
  return { source: 'node', cores: availableParallelism(), busy, total };
}
