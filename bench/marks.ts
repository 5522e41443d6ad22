import type { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { matchWords } from './marks/match-words.js';
import type { TimedWord, WordPair } from './marks/match-words.js';
import { spokenWords } from './marks/spoken-words.js';
import type { Sound } from './marks/spoken-words.js';
import { timeErrors } from './marks/time-errors.js';
import { startFasterWhisper } from './peers/faster-whisper.js';
import type { FasterWhisperPeer } from './peers/faster-whisper.js';
import { EngineHere } from './support/engine-here.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { atLeastOne, names, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { rounded, sum } from './support/statistics.js';
import { SPOKEN_SENTENCES } from './texts.js';

interface MarksBenchOptions {
  readonly models: readonly string[];
  readonly sentences: number;
  readonly whisper: string;
  readonly threads: number;
  readonly python: string | undefined;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** How far half of the word times may lie from Whisper's. */
const GOAL_MS = 60;
const VOICES: Readonly<Record<string, string>> = {
  [JOE.model]: JOE.voice,
  'kokoro-82m': 'af_heart',
};

/** Registers the bench of word times. */
export function withMarks(program: Command): void {
  withPlaces(program.command('marks').description("times of words against Whisper's"))
    .option('--models <list>', 'voices that speak', names, Object.keys(VOICES))
    .option('--sentences <n>', 'at most 12', atLeastOne, SPOKEN_SENTENCES.length)
    .option('--whisper <model>', 'weights of the listener', 'whisper-base')
    .option('--threads <n>', 'of speaker and listener', atLeastOne, 2)
    .option('--python <path>', 'interpreter that has faster-whisper (default: made here)')
    .action(benchMarks);
}

async function benchMarks(options: MarksBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const peer = await startFasterWhisper({
    ...options,
    model: join(modelsDir, options.whisper),
    computeType: 'float32',
    workers: 1,
  });
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-marks-'));
  try {
    print({ bench: 'marks', kind: 'setup', ...machineFacts(), peer: peer.versions, ...options });
    for (const model of options.models) {
      await measure({ ...options, model, modelsDir, peer, folder });
    }
  } finally {
    await peer.stop();
    await rm(folder, { recursive: true });
  }
}

interface MarksPlan extends Omit<MarksBenchOptions, 'modelsDir'> {
  readonly model: string;
  readonly modelsDir: string;
  readonly peer: FasterWhisperPeer;
  readonly folder: string;
}

/** A word that Whisper heard too, as both have it. */
type Pair = WordPair<TimedWord, TimedWord>;

/** A sentence as it was spoken, told and heard. */
interface Heard {
  readonly told: readonly TimedWord[];
  readonly heard: readonly TimedWord[];
  readonly pairs: readonly Pair[];
  readonly sound: Sound;
}

async function measure(plan: MarksPlan): Promise<void> {
  const { model, sentences } = plan;
  const engine = await EngineHere.open(plan);
  const machine = machineState();
  const all: Heard[] = [];
  try {
    for (const [at, text] of SPOKEN_SENTENCES.slice(0, sentences).entries()) {
      const one = await spokenAndHeard(engine, { plan, text, at });
      if (one === undefined) break;
      all.push(one);
    }
  } finally {
    await engine.close();
  }
  if (all.length === 0) note(`marks: ${model} tells no times of words`);
  const counted = countsOf(all);
  print({ bench: 'marks', kind: 'summary', model, ...counted, ...judged(all), ...machine });
}

/** Undefined if the voice tells no times. */
async function spokenAndHeard(
  engine: EngineHere,
  { plan, text, at }: { readonly plan: MarksPlan; readonly text: string; readonly at: number },
): Promise<Heard | undefined> {
  const { model, peer, folder } = plan;
  const voice = VOICES[model] ?? 'default';
  const { wav, words: told, sound } = await spokenWords(engine, { text, voice });
  if (told.length === 0) return undefined;
  const file = join(folder, `${model}-${at}.wav`);
  await writeFile(file, wav);
  const heard = await peer.words(file);
  const one = { told, heard, pairs: matchWords(told, heard), sound };
  const counted = countsOf([one]);
  print({ bench: 'marks', kind: 'sentence', model, text, ...counted, ...errorsOf(one.pairs) });
  return one;
}

function countsOf(all: readonly Heard[]) {
  const words = sum(all.map(({ told }) => told.length));
  const matched = sum(all.map(({ pairs }) => pairs.length));
  return { sentences: all.length, words, matched, unmatched: words - matched };
}

function errorsOf(pairs: readonly Pair[]) {
  const starts = pairs.map(([ours, whisper]) => rounded((ours.start - whisper.start) * 1000));
  const ends = pairs.map(([ours, whisper]) => rounded((ours.end - whisper.end) * 1000));
  return {
    start: timeErrors(starts),
    end: timeErrors(ends),
    both: timeErrors([...starts, ...ends]),
  };
}

/** How far the first word's start and the last one's end lie from the sound's own edges. */
function edgesOf(all: readonly Heard[], side: 'told' | 'heard') {
  const ms = (edges: readonly (number | undefined)[]): number[] =>
    edges.flatMap((edge) => (edge === undefined ? [] : edge * 1000));
  const starts = ms(all.map((one) => one[side][0] && one[side][0].start - one.sound.start));
  const ends = ms(all.map((one) => (one[side].at(-1)?.end ?? Number.NaN) - one.sound.end));
  return { start: timeErrors(starts), end: timeErrors(ends.filter(Number.isFinite)) };
}

function judged(all: readonly Heard[]) {
  const errors = errorsOf(all.flatMap(({ pairs }) => pairs));
  const edges = { ours: edgesOf(all, 'told'), whisper: edgesOf(all, 'heard') };
  const isMet = (figure = Number.NaN): boolean => figure <= GOAL_MS;
  const met = isMet(errors.start?.medianAbsMs) && isMet(errors.end?.medianAbsMs);
  return { ...errors, edges, goalMs: GOAL_MS, met };
}
