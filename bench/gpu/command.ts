import type { Command } from 'commander';

import { machineFacts } from '../support/machine.js';
import { aboveZero, atLeastOne, counts, someOf } from '../support/options.js';
import { note, print } from '../support/report.js';
import { runChecks } from './run-checks.js';
import { findSite, NO_GPU } from './site.js';
import { benchSpeed, type SpeedOptions } from './speed.js';

const GPU_PARTS = ['checks', 'speed'] as const;

interface GpuBenchOptions extends SpeedOptions {
  readonly parts: readonly (typeof GPU_PARTS)[number][];
  readonly device: string | undefined;
  readonly modelsDir: string | undefined;
}

/** Registers the checks and the bench of one GPU. */
export function withGpu(program: Command): void {
  program
    .command('gpu')
    .description('one GPU: is it used, how fast, what memory')
    .option('--models-dir <path>', 'folder of the models (default: what MODELS_DIR says, ./models)')
    .option('--parts <list>', `of ${GPU_PARTS.join(', ')}`, someOf(GPU_PARTS), [...GPU_PARTS])
    .option('--device <device>', 'number or UUID; cpu rehearses (default: the first visible)')
    .option('--replicas <list>', 'copies of each model, one series for each', counts, [1, 2, 4])
    .option(
      '--concurrency <list>',
      'requests in flight, one series for each',
      counts,
      [1, 4, 16, 64],
    )
    .option('--requests <n>', 'of a run (at least 4 for each in flight)', atLeastOne, 64)
    .option('--passages <n>', 'minutes of speech that are written down, up to 8', atLeastOne, 8)
    .option('--seconds <n>', 'how long /health is asked under full load', aboveZero, 20)
    .action(benchGpu);
}

async function benchGpu(options: GpuBenchOptions): Promise<void> {
  const site = await findSite(options);
  if (site === undefined) {
    note(NO_GPU);
    return;
  }
  const { device, name, isRehearsal } = site;
  print({ bench: 'gpu', kind: 'setup', device, name, isRehearsal, ...machineFacts() });
  const failed = options.parts.includes('checks') ? await runChecks(site) : 0;
  if (options.parts.includes('speed')) await benchSpeed(site, options);
  if (failed > 0) throw new Error(`${failed} of the checks failed.`);
}
