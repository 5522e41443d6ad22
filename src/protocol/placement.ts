/** Nodes of one operator that ran on the CPU. */
export interface OperatorCount {
  /** ONNX's name of it, such as `Conv`. */
  readonly operator: string;
  /** How many nodes of the graphs; at least 1. */
  readonly count: number;
  /** How many of them are heavy, see {@link Placement.heavyNodes}. */
  readonly heavy: number;
}

/** Numbers of nodes by the short name of the provider that ran them: `cpu`, `cuda`. */
export type NodesByProvider = Readonly<Record<string, number>>;

/**
 * Where the nodes of a replica's graphs ran, as onnxruntime's profile of its first runs tells. A
 * node counts once, however often it ran; of nodes that did not run nothing is known.
 */
export interface Placement {
  /** The execution provider that the graphs were opened on: `cpu` or `cuda`. */
  readonly provider: string;
  /**
   * Share of the nodes that ran on the replica's device, 0–1. Absent where nothing was measured: on
   * CPU devices, before the first run, or if no profile could be had.
   */
  readonly deviceShare?: number;
  /** All nodes that ran; empty where nothing was measured. */
  readonly nodes: NodesByProvider;
  /**
   * Of these, the nodes that handled more than 64 KiB in one run. onnxruntime keeps arithmetic on
   * shapes on the CPU on purpose, and that is never so large.
   */
  readonly heavyNodes: NodesByProvider;
  /** What ran on the CPU, heavy operators first, at most {@link MAX_OPERATORS}. */
  readonly cpuOperators: readonly OperatorCount[];
}

/** So many operators are told of at most; graphs of speech have 20 to 60. */
export const MAX_OPERATORS = 32;

/** A placement of which nothing was measured. */
export function unmeasured(provider: string): Placement {
  return { provider, nodes: {}, heavyNodes: {}, cpuOperators: [] };
}

/** Of replicas of one model, the one that stands for it: that with the least share on its device. */
export function worstPlacement(placements: readonly Placement[]): Placement | undefined {
  const share = ({ deviceShare }: Placement): number => deviceShare ?? 1;
  return placements.toSorted((one, other) => share(one) - share(other))[0];
}

/** The operators of which heavy nodes ran on the CPU. */
export function heavyCpuOperators({ cpuOperators }: Placement): readonly OperatorCount[] {
  return cpuOperators.filter(({ heavy }) => heavy > 0);
}

/**
 * Whether a replica of a GPU in truth computes on the CPU: it was opened there, nothing ran on the
 * GPU, or most of the heavy nodes did not.
 */
export function isOnCpu({ provider, deviceShare, heavyNodes }: Placement): boolean {
  if (provider === 'cpu' || deviceShare === 0) return true;
  const onCpu = heavyNodes['cpu'] ?? 0;
  const all = Object.values(heavyNodes).reduce((sum, count) => sum + count, 0);
  return onCpu > all / 2;
}

const MAX_NAMED = 6;

/** Names operators that ran on the CPU, such as `Conv (12 nodes), LSTM (1 node)`. */
export function operatorWords(operators: readonly OperatorCount[]): string {
  const named = operators
    .slice(0, MAX_NAMED)
    .map(({ operator, count }) => `${operator} (${count} node${count === 1 ? '' : 's'})`);
  const others = operators.length - named.length;
  return others > 0 ? `${named.join(', ')} and ${others} more` : named.join(', ');
}
