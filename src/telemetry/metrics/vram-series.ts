import type { SeriesTable } from './series-row.js';

/** What workers and their models take of their GPUs. */
export const VRAM_SERIES = {
  worker_vram_bytes: {
    type: 'gauge',
    labels: ['worker', 'phase'],
    help: "Memory in use on a worker's GPU before and after its last load and before and after its last end.",
  },
  worker_vram_budget_bytes: {
    type: 'gauge',
    labels: ['worker'],
    help: "What a worker's models may take of its GPU together.",
  },
  worker_vram_left_bytes: {
    type: 'gauge',
    labels: ['worker'],
    help: 'What is left of that budget.',
  },
  model_memory_bytes: {
    type: 'gauge',
    labels: ['worker', 'model', 'kind'],
    help: 'Memory of the GPU that a model takes once loaded (load) and once warm (peak).',
  },
  model_load_refusals_total: {
    type: 'counter',
    labels: ['worker', 'model'],
    help: 'Times that a model was not loaded because it would not have fitted on its GPU.',
  },
} as const satisfies SeriesTable;
