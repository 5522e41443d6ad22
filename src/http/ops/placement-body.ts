import { z } from 'zod';

import type { Placement } from '../../protocol/placement.js';

const count = z.int().min(0);
const counts = z.record(z.string(), count);

/** How answers tell where a model's nodes ran. */
export const placementAnswer = z
  .object({
    device_share: z
      .number()
      .nullable()
      .describe(
        'Share of the nodes that ran on the device, 0 to 1. Null where nobody measured it.',
      ),
    nodes: counts.describe('Nodes that ran, by provider.'),
    heavy_nodes: counts.describe('Of these, nodes that handled more than 64 KiB in one run.'),
    cpu_operators: z
      .array(z.object({ operator: z.string(), count, heavy: count }))
      .describe('What ran on the CPU, heavy operators first.'),
  })
  .nullable();

/** Draws where a model's nodes ran; null while nothing is known of it. */
export function placementBody(placement: Placement | undefined): z.infer<typeof placementAnswer> {
  if (!placement) return null;
  const { deviceShare = null, nodes, heavyNodes, cpuOperators } = placement;
  return {
    device_share: deviceShare,
    nodes,
    heavy_nodes: heavyNodes,
    cpu_operators: cpuOperators.map(({ operator, count: all, heavy }) => ({
      operator,
      count: all,
      heavy,
    })),
  };
}
