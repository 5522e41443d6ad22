import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';

import { largestServed, runLevel } from './listeners/level.js';
import type { Level } from './listeners/level.js';
import { READINGS } from './listeners/player.js';
import type { Reading } from './listeners/player.js';
import { startChorus } from './support/chorus.js';
import type { Chorus } from './support/chorus.js';
import { closedLoop } from './support/closed-loop.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { aboveZero, atLeastOne, counts, someOf, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';
import { speak } from './support/speak.js';
import { shortText } from './texts.js';

interface ListenersBenchOptions {
  readonly listeners: readonly number[];
  readonly reading: readonly Reading[];
  readonly seconds: number;
  readonly staggerSeconds: number;
  readonly sentences: number;
  readonly aheadSeconds: number;
  readonly capacity: number | undefined;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** So many shall be served without an underrun on two cores. */
const GOAL_LISTENERS = 20;
const WARM_UP_TEXTS = 8;
/** What the server still did for the listeners who left is over by then. */
const BETWEEN_LEVELS_MS = 1_500;

/** Registers the bench of clients that consume in real time. */
export function withListeners(program: Command): void {
  withPlaces(
    program
      .command('listeners')
      .description('clients that play what they hear: how many until one runs dry'),
  )
    .option('--listeners <list>', 'clients at once', counts, [4, 8, 12, 16, 20, 24, 28])
    .option('--reading <list>', `of ${READINGS.join(', ')}`, someOf(READINGS), ['played'])
    .option('--seconds <n>', 'how long all of a level are there', aboveZero, 30)
    .option('--stagger-seconds <n>', 'within which they come', aboveZero, 10)
    .option('--sentences <n>', 'of a text, 2.5 s each', atLeastOne, 8)
    .option('--ahead-seconds <n>', 'what a client takes in advance of playing', aboveZero, 2)
    .option('--capacity <n>', "the server's TTS_CAPACITY (default: as it is)", atLeastOne)
    .action(benchListeners);
}

async function benchListeners(options: ListenersBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const { capacity } = options;
  const env = capacity === undefined ? {} : { TTS_CAPACITY: String(capacity) };
  const chorus = await startChorus({ ...options, tts: JOE.model, asr: 'none', modelsDir, env });
  try {
    print({ bench: 'listeners', kind: 'setup', ...machineFacts(), ...options });
    await warmUp(chorus);
    for (const reading of options.reading) await ramp(chorus, reading, options);
  } finally {
    await chorus.stop();
  }
}

async function warmUp({ url }: Chorus): Promise<void> {
  const items = Array.from({ length: WARM_UP_TEXTS }, (_, number) => shortText(number));
  const work = (input: string): Promise<unknown> =>
    speak({ url: `${url}/v1/audio/speech`, body: { ...JOE, input, response_format: 'wav' } });
  await closedLoop({ items, clients: 4, work });
}

async function ramp(
  chorus: Chorus,
  reading: Reading,
  options: ListenersBenchOptions,
): Promise<void> {
  const { seconds, staggerSeconds, sentences, aheadSeconds } = options;
  const url = `${chorus.url}/v1/audio/speech`;
  const same = { url, reading, seconds, staggerSeconds, sentences, aheadMs: aheadSeconds * 1000 };
  const levels: Level[] = [];
  for (const listeners of options.listeners) {
    note(`listeners: ${listeners}, reading as ${reading}`);
    const machine = machineState();
    const level = await runLevel({ ...same, listeners, pid: chorus.pid });
    levels.push(level);
    print({ bench: 'listeners', kind: 'level', reading, ...level, ...machine });
    await delay(BETWEEN_LEVELS_MS);
  }
  const largestWithNone = largestServed(levels);
  const goal = { goal: GOAL_LISTENERS, met: largestWithNone >= GOAL_LISTENERS };
  print({ bench: 'listeners', kind: 'summary', reading, largestWithNone, ...goal });
}
