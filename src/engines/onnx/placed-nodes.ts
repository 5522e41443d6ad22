import { z } from 'zod';

import { MAX_OPERATORS, type OperatorCount, type Placement } from '../../protocol/placement.js';

/** A node of a graph and where it ran. */
export interface PlacedNode {
  readonly operator: string;
  /** Short name of the execution provider: `cpu`, `cuda`. */
  readonly provider: string;
  /** Whether it handled more than {@link HEAVY_BYTES} in one run. */
  readonly isHeavy: boolean;
}

/**
 * Inputs, weights and outputs of a node that handles no more than this are moved between CPU and GPU in
 * the time that the move takes to begin: 64 KiB are some 3 µs of a PCIe 4 link, a transfer's latency
 * is about 10. Arithmetic on shapes stays far below: onnxruntime takes no constant of more than 100
 * elements for a shape (`fallback_cpu_capability.cc`).
 */
export const HEAVY_BYTES = 64 * 1024;

/** Inserted by onnxruntime between providers: they are no nodes of the graph. */
const COPIES: ReadonlySet<string> = new Set(['MemcpyToHost', 'MemcpyFromHost']);

/** They look at the shape of their input, or at a few of its rows: how large it is says nothing. */
const READERS: ReadonlySet<string> = new Set(['Shape', 'Size', 'Gather']);

const bytes = z.coerce.number().catch(0);
/** An event of a node's kernel, as onnxruntime writes it: all arguments are text. */
const nodeEvent = z.object({
  cat: z.literal('Node'),
  name: z.string().endsWith('_kernel_time'),
  args: z.object({
    provider: z.string().max(100),
    op_name: z.string().min(1).max(200),
    node_index: z.string().max(20).catch(''),
    activation_size: bytes,
    parameter_size: bytes,
    output_size: bytes,
  }),
});

/**
 * Reads the profile of a session's runs: an array in JSON with an event on each line.
 * @returns Each node that ran, once.
 */
export async function placedNodes(lines: AsyncIterable<string>): Promise<PlacedNode[]> {
  const nodes = new Map<string, PlacedNode>();
  for await (const line of lines) {
    const event = eventOf(line);
    if (!event || COPIES.has(event.args.op_name)) continue;
    const { op_name: operator, node_index: index, provider } = event.args;
    // Graphs inside of a graph number their nodes from 0 again.
    const key = `${index} ${operator} ${event.name}`;
    const isHeavy = handledBytes(event.args) > HEAVY_BYTES || nodes.get(key)?.isHeavy === true;
    nodes.set(key, { operator, provider: shortName(provider), isHeavy });
  }
  return [...nodes.values()];
}

/** Counts nodes. `device` is where they should have run. */
export function countNodes(
  nodes: readonly PlacedNode[],
  { provider, device }: { readonly provider: string; readonly device: string },
): Placement {
  const heavy = nodes.filter(({ isHeavy }) => isHeavy);
  const onDevice = nodes.filter((node) => node.provider === device);
  return {
    provider,
    ...(nodes.length > 0 && { deviceShare: onDevice.length / nodes.length }),
    nodes: byProvider(nodes),
    heavyNodes: byProvider(heavy),
    cpuOperators: operatorsOf(nodes.filter((node) => node.provider === 'cpu')),
  };
}

function eventOf(line: string): z.infer<typeof nodeEvent> | undefined {
  // All lines but the brackets and the last event end with a comma.
  const text = line.trim().replace(/,$/, '');
  if (!text.startsWith('{')) return undefined;
  try {
    return nodeEvent.safeParse(JSON.parse(text)).data;
  } catch {
    // Cut off where reading ended, or a name that was written without escapes.
    return undefined;
  }
}

function handledBytes(args: z.infer<typeof nodeEvent>['args']): number {
  if (READERS.has(args.op_name)) return args.output_size;
  return args.activation_size + args.parameter_size + args.output_size;
}

/** `CUDAExecutionProvider` → `cuda`. */
function shortName(provider: string): string {
  return provider.replace(/ExecutionProvider$/, '').toLowerCase();
}

function byProvider(nodes: readonly PlacedNode[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { provider } of nodes) counts[provider] = (counts[provider] ?? 0) + 1;
  return counts;
}

function operatorsOf(nodes: readonly PlacedNode[]): OperatorCount[] {
  const counts = new Map<string, OperatorCount>();
  for (const { operator, isHeavy } of nodes) {
    const { count, heavy } = counts.get(operator) ?? { count: 0, heavy: 0 };
    counts.set(operator, { operator, count: count + 1, heavy: heavy + (isHeavy ? 1 : 0) });
  }
  return [...counts.values()]
    .toSorted((one, other) => other.heavy - one.heavy || other.count - one.count)
    .slice(0, MAX_OPERATORS);
}
