import type { SeriesTable } from './series-row.js';

/** Where models compute. */
export const PLACEMENT_SERIES = {
  replica_provider_info: {
    type: 'gauge',
    labels: ['worker', 'task', 'model', 'provider'],
    help: 'Always 1: the execution provider of each loaded model, cpu or cuda.',
  },
  replica_device_nodes_ratio: {
    type: 'gauge',
    labels: ['worker', 'task', 'model'],
    help: "Share of a model's graph nodes that ran on the worker's GPU in its warm-up, 0 to 1.",
  },
} as const satisfies SeriesTable;
