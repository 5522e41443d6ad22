import type { Command } from 'commander';

import { attempted } from './asr/attempted.js';
import { clientsSeries, loadedSeries, longSeries, shortSeries } from './asr/compared.js';
import { memorySeries } from './asr/memory.js';
import { ASR_SERIES, asrPlan } from './asr/plan.js';
import type { AsrBenchOptions, AsrPlan, AsrSeries } from './asr/plan.js';
import { silenceSeries } from './asr/silence.js';
import { aboveZero, atLeastOne, someOf, withPeer } from './support/options.js';

const SERIES: Readonly<Record<AsrSeries, (plan: AsrPlan) => Promise<void>>> = {
  long: longSeries,
  short: shortSeries,
  clients: clientsSeries,
  loaded: loadedSeries,
  silence: silenceSeries,
  memory: memorySeries,
};

/** Registers the bench of recognition. */
export function withAsr(program: Command): void {
  withPeer(program.command('asr').description('recognition against faster-whisper'))
    .option('--series <list>', `of ${ASR_SERIES.join(', ')}`, someOf(ASR_SERIES), [...ASR_SERIES])
    .option('--model <id>', 'weights of both sides', 'whisper-tiny.en')
    .option('--clients <n>', 'clients at once in the series of that name', atLeastOne, 8)
    .option('--limit <n>', 'files of a set at most, for a quick look (default: all)', atLeastOne)
    .option('--hours <n>', 'length of the long file of memory', aboveZero, 3)
    .option('--compute-type <type>', "the peer's arithmetic: int8 or float32", 'int8')
    .action(benchAsr);
}

/** Measures recognition of ours and of faster-whisper in turns, on the same weights and cores. */
async function benchAsr(options: AsrBenchOptions): Promise<void> {
  const plan = asrPlan(options);
  for (const series of options.series) await attempted(series, () => SERIES[series](plan));
}
