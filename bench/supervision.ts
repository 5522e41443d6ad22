import { machineFacts } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { print } from './support/report.js';
import { benchChurn } from './supervision/churn.js';
import { benchDeaths } from './supervision/deaths.js';
import { benchHealth } from './supervision/health-latency.js';
import type { SupervisionPlaces } from './supervision/places.js';
import type { ChurnWay } from './supervision/restart-worker.js';
import { benchRestarts } from './supervision/restarts.js';

/** The parts of the bench, in the order in which they run. */
export const SUPERVISION_PARTS = ['deaths', 'restarts', 'health', 'churn'] as const;

/** One part of the bench. */
export type SupervisionPart = (typeof SUPERVISION_PARTS)[number];

/** What `bench supervision` can be told. */
export interface SupervisionBenchOptions extends Omit<SupervisionPlaces, 'modelsDir'> {
  readonly parts: readonly SupervisionPart[];
  readonly modelsDir: string | undefined;
  readonly rounds: number;
  readonly kills: number;
  readonly pauseSeconds: number;
  readonly concurrency: readonly number[];
  readonly seconds: number;
  readonly churns: number;
  readonly way: ChurnWay;
}

/** Measures how quickly and how cleanly processes are replaced. */
export async function benchSupervision(given: SupervisionBenchOptions): Promise<void> {
  const options = { ...given, modelsDir: modelsFolder(given.modelsDir) };
  const { modelsDir: _, ...told } = options;
  print({ bench: 'supervision', kind: 'setup', ...machineFacts(), ...told });
  const benches: Readonly<Record<SupervisionPart, () => Promise<void>>> = {
    deaths: () => benchDeaths(options),
    restarts: () => benchRestarts(options),
    health: () => benchHealth(options),
    churn: () => benchChurn(options),
  };
  for (const part of SUPERVISION_PARTS) {
    if (given.parts.includes(part)) await benches[part]();
  }
}
