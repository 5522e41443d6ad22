import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { machineFacts, machineState } from '../support/machine.js';
import { atLeastOne } from '../support/options.js';
import { note, print } from '../support/report.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import type { SharedEspeakPlace } from './shared-espeak.js';
import { phonemeTexts, sentencesIn } from './texts.js';
import { ourWays, sharedWay, synthesisWay, type PhonemeWay } from './ways.js';

interface PhonemesBenchOptions {
  readonly rounds: number;
  readonly library: string;
  readonly data?: string;
  readonly voice: string;
  readonly synthesis: boolean;
}

/** What one way took in one round. */
interface Timing {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly meanMsASentence: number;
}

const LOAD_COST = fileURLToPath(new URL('load-cost.js', import.meta.url));
const MOST_DIFFERENCES = 12;

/** Registers the bench of text to phonemes. */
export function withPhonemes(program: Command): void {
  program
    .command('phonemes')
    .description('text to phonemes: ours, and espeak-ng as a shared library by koffi')
    .option('--rounds <n>', 'how often the ways take turns', atLeastOne, 5)
    .option('--library <path>', 'the shared library', 'libespeak-ng.so.1')
    .option('--data <folder>', 'its data, if it does not find it itself')
    .option('--voice <name>', "espeak's voice", 'en-us')
    .option('--no-synthesis', 'without the slow entry of the WASM build')
    .action(benchPhonemes);
}

async function benchPhonemes(options: PhonemesBenchOptions): Promise<void> {
  const texts = phonemeTexts();
  const ways = await ourWays(options.voice);
  if (options.synthesis) ways.push(await synthesisWay(options.voice));
  const shared = await installed(options);
  if (shared) ways.push(shared);
  const setup = { texts: texts.length, espeak: shared?.version ?? 'none', ...options };
  print({ bench: 'phonemes', kind: 'setup', ...machineFacts(), ...setup });
  await printLoadCosts(options, shared !== undefined);
  const timings = new Map<string, Timing[]>();
  // The first round is for the compilers of JavaScript and is not counted.
  for (let round = -1; round < options.rounds; round += 1) {
    const state = machineState();
    const turns = round % 2 === 0 ? ways : ways.toReversed();
    for (const way of turns) {
      const timing = await timed(way, texts);
      if (round < 0) continue;
      timings.set(way.name, [...(timings.get(way.name) ?? []), timing]);
      print({ bench: 'phonemes', kind: 'round', round, way: way.name, ...timing, ...state });
    }
  }
  printSummary(timings);
  if (shared) await printDifferences(texts, ways[0] ?? shared, shared);
  for (const way of ways) await way.close?.();
}

async function installed(place: SharedEspeakPlace): Promise<PhonemeWay | undefined> {
  try {
    return await sharedWay(place);
  } catch (caught) {
    const why = caught instanceof Error ? caught.message : String(caught);
    note(`phonemes: ours alone, for there is no shared library (Debian: libespeak-ng1). ${why}`);
    return undefined;
  }
}

async function printLoadCosts(options: PhonemesBenchOptions, hasShared: boolean): Promise<void> {
  const { library, data, voice } = options;
  const kinds = [['wasm', voice]];
  if (hasShared) kinds.push(['shared', voice, library, ...(data === undefined ? [] : [data])]);
  for (const kind of kinds) {
    const { stdout } = await promisify(execFile)(process.execPath, [LOAD_COST, ...kind]);
    const { loadMs, rssBytes } = JSON.parse(stdout) as { loadMs: number; rssBytes: number };
    print({ bench: 'phonemes', kind: 'load', espeak: kind[0], loadMs: rounded(loadMs), rssBytes });
  }
}

async function timed(way: PhonemeWay, texts: readonly string[]): Promise<Timing> {
  way.forget?.();
  const timesMs: number[] = [];
  for (const text of texts) {
    const begin = performance.now();
    await way.phonemize(text);
    timesMs.push(performance.now() - begin);
  }
  const sentences = texts.reduce((all, text) => all + sentencesIn(text), 0);
  return {
    p50Ms: rounded(quantile(timesMs, 0.5)),
    p95Ms: rounded(quantile(timesMs, 0.95)),
    meanMsASentence: rounded(timesMs.reduce((all, one) => all + one, 0) / sentences),
  };
}

function printSummary(timings: ReadonlyMap<string, readonly Timing[]>): void {
  for (const [way, rounds] of timings) {
    const of = (name: keyof Timing) => spread(rounds.map((round) => round[name]));
    const spreads = {
      p50Ms: of('p50Ms'),
      p95Ms: of('p95Ms'),
      meanMsASentence: of('meanMsASentence'),
    };
    print({ bench: 'phonemes', kind: 'summary', way, ...spreads });
  }
}

async function printDifferences(
  texts: readonly string[],
  ours: PhonemeWay,
  shared: PhonemeWay,
): Promise<void> {
  const differing: { text: string; ours: string; shared: string }[] = [];
  for (const text of texts) {
    const [one, other] = [await ours.phonemize(text), await shared.phonemize(text)].map((ipa) =>
      ipa.trim().split(/\s+/u),
    );
    const only = (all: string[] = [], others: string[] = []): string =>
      all.filter((word) => !others.includes(word)).join(' ');
    if (one?.join(' ') === other?.join(' ')) continue;
    differing.push({ text, ours: only(one, other), shared: only(other, one) });
  }
  const equal = texts.length - differing.length;
  for (const difference of differing.slice(0, MOST_DIFFERENCES)) {
    print({ bench: 'phonemes', kind: 'difference', ...difference });
  }
  print({ bench: 'phonemes', kind: 'equality', texts: texts.length, equal });
}
