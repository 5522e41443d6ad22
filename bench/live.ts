import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';

import { isWithinGoals, largestWithin, LIVE_GOALS } from './live/level-figures.js';
import type { LiveLevel } from './live/level-figures.js';
import { runLiveLevel } from './live/level.js';
import type { LiveLevelPlan } from './live/level.js';
import { DETECTIONS } from './live/live-stream.js';
import type { Detection } from './live/live-stream.js';
import { speechPool } from './live/pool.js';
import { startChorus } from './support/chorus.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import { aboveZero, atLeastOne, counts, someOf, withPlaces } from './support/options.js';
import { note, print } from './support/report.js';

interface LiveBenchOptions {
  readonly streams: readonly number[];
  readonly detection: readonly Detection[];
  readonly model: string;
  readonly seconds: number;
  readonly staggerSeconds: number;
  readonly gapSeconds: number;
  readonly silenceMs: number;
  readonly stopAfterMs: number;
  readonly frameMs: number;
  readonly rate: number;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** What the server still did for the streams that left is over by then. */
const BETWEEN_LEVELS_MS = 1_500;

/** Registers the bench of live recognition. */
export function withLive(program: Command): void {
  withPlaces(program.command('live').description('real-time streams: how late words are'))
    .option('--streams <list>', 'streams at once, one level for each', counts, [1, 2, 4, 8, 12, 16])
    .option('--detection <list>', `of ${DETECTIONS.join(', ')}`, someOf(DETECTIONS), [
      ...DETECTIONS,
    ])
    .option('--model <id>', 'what listens', 'whisper-tiny.en')
    .option('--seconds <n>', 'how long all of a level are there', aboveZero, 40)
    .option('--stagger-seconds <n>', 'within which they come', aboveZero, 5)
    .option('--gap-seconds <n>', 'silence between two turns', aboveZero, 1.5)
    .option('--silence-ms <n>', 'silence that ends a turn, as the session is told', atLeastOne, 500)
    .option('--stop-after-ms <n>', 'of silence before a commit', atLeastOne, 200)
    .option('--frame-ms <n>', 'speech in a message', atLeastOne, 20)
    .option('--rate <hz>', 'of the samples: 8000, 16000 or 24000', atLeastOne, 16_000)
    .action(benchLive);
}

async function benchLive(options: LiveBenchOptions): Promise<void> {
  checkTimes(options);
  const modelsDir = modelsFolder(options.modelsDir);
  const { model, cpus, rate: sampleRateHz } = options;
  const pool = await speechPool({ modelsDir, cpus, sampleRateHz });
  // A stream takes a place while it speaks; a bench of the queue would be another one.
  const capacity = process.env['ASR_CAPACITY'] ?? String(Math.max(...options.streams));
  const env = { ASR_CAPACITY: capacity };
  const chorus = await startChorus({ cpus, modelsDir, tts: 'none', asr: model, env });
  try {
    const { url, pid } = chorus;
    print({ bench: 'live', kind: 'setup', ...machineFacts(), ...options, capacity });
    const same = { ...options, url, pid, pool, sampleRateHz };
    await runLiveLevel({ ...same, detection: 'server_vad', streams: 1, seconds: 10 });
    for (const detection of options.detection) {
      await ramp(options.streams, { ...same, detection, streams: 1 });
    }
  } finally {
    await chorus.stop();
  }
}

/** A turn must be closed before the next one begins, or nobody knows whose its words are. */
function checkTimes({ gapSeconds, silenceMs, stopAfterMs }: LiveBenchOptions): void {
  if (Math.max(silenceMs, stopAfterMs) + 800 > gapSeconds * 1000) {
    throw new Error('--gap-seconds must be 0.8 above --silence-ms and --stop-after-ms at least.');
  }
}

async function ramp(streams: readonly number[], plan: LiveLevelPlan): Promise<void> {
  const { detection } = plan;
  const levels: LiveLevel[] = [];
  for (const count of streams) {
    note(`live: ${count}, ${detection}`);
    const machine = machineState();
    const level = await runLiveLevel({ ...plan, streams: count });
    levels.push(level);
    const met = isWithinGoals(level);
    print({ bench: 'live', kind: 'level', detection, ...level, met, ...machine });
    await delay(BETWEEN_LEVELS_MS);
  }
  const largest = largestWithin(levels);
  const goal = { goals: LIVE_GOALS, met: largest >= LIVE_GOALS.streams };
  print({ bench: 'live', kind: 'summary', detection, largestWithinGoals: largest, ...goal });
}
