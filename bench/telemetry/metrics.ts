import type { Command } from 'commander';

import { machineFacts } from '../support/machine.js';
import { atLeastOne, someOf } from '../support/options.js';
import { print } from '../support/report.js';
import { benchPageCost } from './page-cost.js';
import { benchRequestCost } from './request-cost.js';
import { benchScrapedServer } from './scraped-server.js';

const METRICS_PARTS = ['request', 'page', 'server'] as const;

interface MetricsBenchOptions {
  readonly parts: readonly (typeof METRICS_PARTS)[number][];
  readonly rounds: number;
  readonly seconds: number;
}

/** Registers the bench of what metrics cost. */
export function withMetrics(program: Command): void {
  program
    .command('metrics')
    .description('what counting requests costs, and the page of /metrics')
    .option('--parts <list>', `of ${METRICS_PARTS.join(', ')}`, someOf(METRICS_PARTS), [
      ...METRICS_PARTS,
    ])
    .option('--rounds <n>', 'how often each is measured', atLeastOne, 5)
    .option('--seconds <n>', 'length of a period in which a server is scraped', atLeastOne, 15)
    .action(benchMetrics);
}

async function benchMetrics(options: MetricsBenchOptions): Promise<void> {
  const { parts, rounds } = options;
  print({ bench: 'metrics', kind: 'setup', ...machineFacts(), ...options });
  if (parts.includes('request')) benchRequestCost(rounds);
  if (parts.includes('page')) await benchPageCost(rounds);
  if (parts.includes('server')) await benchScrapedServer(options);
}
