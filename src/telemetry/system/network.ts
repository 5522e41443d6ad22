import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkFigures } from './figures.js';
import { type KernelFolders, textOf } from './kernel-files.js';

/** Interfaces through which bytes pass that a real one counts too: bridges, tunnels, bonds. */
const SECOND_COUNT =
  /^(?:docker|br-|bridge|veth|virbr|vnet|cni|flannel|cali|cilium|lxc|kube|tunl|sit|gre|ip6|ifb|dummy|bond|team|tun|tap|wg|tailscale|macv|ipvl)/;

/** What an interface has counted, in the order of `NetworkFigures`. */
interface Counted extends NetworkFigures {
  readonly name: string;
}

const UNKNOWN: NetworkFigures = {
  bytesSent: null,
  bytesReceived: null,
  packetsSent: null,
  packetsReceived: null,
};

/** What went through the network: the sum of the interfaces that do not count the same twice. */
export async function networkFigures({ procDir, sysDir }: KernelFolders): Promise<NetworkFigures> {
  const [text, virtual] = await Promise.all([
    textOf(join(procDir, 'net/dev')),
    namesIn(join(sysDir, 'devices/virtual/net')),
  ]);
  const interfaces = interfacesOf(text ?? '');
  return interfaces.length > 0 ? sumOf(countedOnce(interfaces, virtual)) : UNKNOWN;
}

/**
 * Real interfaces, if there are any. A container has virtual ones only: then those whose names say
 * no second count, and if that leaves none (rootless containers have a lone `tap0`), all.
 */
function countedOnce(all: readonly Counted[], virtual: ReadonlySet<string>): readonly Counted[] {
  const outward = all.filter(({ name }) => name !== 'lo');
  const first = outward.filter(({ name }) => !isSecondCount(name, outward));
  const real = first.filter(({ name }) => !virtual.has(name));
  const choices = virtual.size > 0 ? [real, first] : [first];
  return choices.find((choice) => choice.length > 0) ?? outward;
}

/** By its name; `eth0.7` is a part of `eth0`. */
function isSecondCount(name: string, all: readonly Counted[]): boolean {
  const parent = /^(.+)\.\d+$/.exec(name)?.[1];
  return SECOND_COUNT.test(name) || all.some((other) => other.name === parent);
}

function interfacesOf(text: string): readonly Counted[] {
  return [...text.matchAll(/^\s*(\S+):\s*(\d.*)$/gm)].map(([, name = '', columns = '']) => {
    const numbers = columns.trim().split(/\s+/).map(Number);
    return {
      name,
      bytesReceived: numbers[0] ?? 0,
      packetsReceived: numbers[1] ?? 0,
      bytesSent: numbers[8] ?? 0,
      packetsSent: numbers[9] ?? 0,
    };
  });
}

function sumOf(interfaces: readonly Counted[]): NetworkFigures {
  const sum = (field: keyof NetworkFigures): number =>
    interfaces.reduce((total, one) => total + (one[field] ?? 0), 0);
  return {
    bytesSent: sum('bytesSent'),
    bytesReceived: sum('bytesReceived'),
    packetsSent: sum('packetsSent'),
    packetsReceived: sum('packetsReceived'),
  };
}

async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch {
    return new Set();
  }
}
