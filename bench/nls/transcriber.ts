import { setTimeout as delay } from 'node:timers/promises';

import { liveLevel } from '../live/level-figures.js';
import type { LiveLevel } from '../live/level-figures.js';
import { LiveStream } from '../live/live-stream.js';
import { speechPool } from '../live/pool.js';
import { speakTogether } from '../live/together.js';
import type { Together, TogetherPlan } from '../live/together.js';
import type { SpokenStream } from '../live/spoken-stream.js';
import { startChorus } from '../support/chorus.js';
import type { LoadCost } from '../support/load-cost.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import { NlsStream } from './nls-stream.js';
import type { NlsBenchOptions } from './options.js';
import { streamsFigures, TRANSCRIBER_GOALS } from './stream-figures.js';
import type { StreamsFigures } from './stream-figures.js';

/** The same streams over one of the doors. */
type Level = LiveLevel & StreamsFigures & LoadCost;

interface Round {
  readonly nls: Level & { readonly lastingLagP95Ms: number };
  readonly realtime: Level;
}

/** All that both doors are told. */
interface DoorsPlan extends TogetherPlan {
  readonly url: string;
  readonly model: string;
  readonly frameMs: number;
}

const SAMPLE_RATE_HZ = 16_000;
const WARM_UP_SECONDS = 8;
/** What the server still did for the streams that left is over by then. */
const BETWEEN_LEVELS_MS = 1_500;

/** Measures streams over `/ws/v1`, and the same streams over the Realtime door in turns with them. */
export async function benchTranscriber(options: NlsBenchOptions): Promise<void> {
  const { modelsDir, cpus, model, streams, rounds: count } = options;
  const pool = await speechPool({ modelsDir, cpus, sampleRateHz: SAMPLE_RATE_HZ });
  const env = { ASR_CAPACITY: process.env['ASR_CAPACITY'] ?? String(streams) };
  const chorus = await startChorus({ cpus, modelsDir, tts: 'none', asr: model, env });
  try {
    const { url, pid } = chorus;
    const said = { pool, sampleRateHz: SAMPLE_RATE_HZ, detection: 'server_vad' as const };
    const plan = { ...options, ...said, url, pid, frameMs: options.messageMs };
    await measureRound({ ...plan, streams: 1, seconds: WARM_UP_SECONDS }, false);
    const rounds: Round[] = [];
    for (let round = 0; round < count; round += 1) {
      note(`nls: ${streams} streams, round ${round + 1} of ${count}`);
      const machine = machineState();
      const measured = await measureRound(plan, round % 2 === 1);
      rounds.push(measured);
      for (const door of ['nls', 'realtime'] as const) {
        const line = { part: 'transcriber', round, door, ...measured[door], ...machine };
        print({ bench: 'nls', kind: 'round', ...line });
      }
    }
    print({ bench: 'nls', kind: 'summary', part: 'transcriber', streams, ...summary(rounds) });
  } finally {
    await chorus.stop();
  }
}

async function measureRound(plan: DoorsPlan, isRealtimeFirst: boolean): Promise<Round> {
  const { nls, realtime } = isRealtimeFirst
    ? { realtime: await overRealtime(plan), nls: await overNls(plan) }
    : { nls: await overNls(plan), realtime: await overRealtime(plan) };
  return { nls, realtime };
}

async function overNls(plan: DoorsPlan): Promise<Round['nls']> {
  const together = await speakTogether(plan, (rateHz) => NlsStream.open(plan, rateHz));
  await delay(BETWEEN_LEVELS_MS);
  const lasting = together.spoken.flatMap((one) =>
    together.counted(one, one.stream.heardSince('lasting')).flatMap(({ lagsMs }) => lagsMs),
  );
  const lastingLagP95Ms = lasting.length === 0 ? Number.NaN : rounded(quantile(lasting, 0.95));
  return { ...levelOf(plan, together), lastingLagP95Ms };
}

async function overRealtime(plan: DoorsPlan): Promise<Level> {
  // The server ends the turns, nobody else.
  const options = { ...plan, detection: 'server_vad' as const, stopAfterMs: plan.silenceMs };
  const together = await speakTogether(plan, (rateHz) => LiveStream.open(options, rateHz));
  await delay(BETWEEN_LEVELS_MS);
  return levelOf(plan, together);
}

function levelOf<Stream extends SpokenStream>(
  { streams }: DoorsPlan,
  { spoken, counted, problems, cost }: Together<Stream>,
): Level {
  const turns = spoken.map((one) => counted(one));
  return {
    ...liveLevel(streams, turns.flat(), problems.length),
    ...streamsFigures(streams, turns),
    ...cost,
  };
}

function summary(rounds: readonly Round[]): object {
  const ratio = (figure: (level: Level) => number | undefined): object =>
    spread(rounds.map(({ nls, realtime }) => (figure(nls) ?? 0) / (figure(realtime) ?? 0)));
  const worst = (figure: (level: Round['nls']) => number): object =>
    spread(rounds.map(({ nls }) => figure(nls)));
  return {
    worstPartialLagP95Ms: worst((level) => level.partialLagP95MsOfStreams.max),
    worstFinalDelayP95Ms: worst((level) => level.finalDelayP95MsOfStreams.max),
    worstGrowthMs: worst((level) => level.growthMsOfStreams.max),
    lastingLagP95Ms: worst((level) => level.lastingLagP95Ms),
    fallenBehind: worst((level) => level.fallenBehind),
    toRealtime: {
      partialLagP50: ratio((level) => level.partialLagP50Ms),
      partialLagP95: ratio((level) => level.partialLagP95Ms),
      finalDelayP50: ratio((level) => level.finalDelayP50Ms),
      finalDelayP95: ratio((level) => level.finalDelayP95Ms),
      serverCores: ratio((level) => level.serverCores),
    },
    goals: TRANSCRIBER_GOALS,
    met: rounds.every(({ nls }) => nls.met && nls.failures === 0),
  };
}
