import { benchChoice } from './router/choice-cost.js';
import { benchProcesses, type ProcessOptions } from './router/processes.js';
import { benchSimulation, type SimulationOptions } from './router/simulation.js';
import { machineFacts } from './support/machine.js';
import { print } from './support/report.js';

/** The parts of the bench, in the order in which they run. */
export const ROUTER_PARTS = ['simulation', 'choice', 'processes'] as const;

/** One part of the bench. */
export type RouterPart = (typeof ROUTER_PARTS)[number];

/** What `bench router` can be told. */
export interface RouterBenchOptions extends SimulationOptions, ProcessOptions {
  readonly parts: readonly RouterPart[];
}

/** Measures how well requests are spread over replicas, and what the choice costs. */
export async function benchRouter(options: RouterBenchOptions): Promise<void> {
  print({ bench: 'router', kind: 'setup', ...machineFacts(), ...options });
  const benches: Readonly<Record<RouterPart, () => Promise<void>>> = {
    simulation: () => benchSimulation(options),
    choice: () => benchChoice(),
    processes: () => benchProcesses(options),
  };
  for (const part of ROUTER_PARTS) if (options.parts.includes(part)) await benches[part]();
}
