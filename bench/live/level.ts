import { setTimeout as delay } from 'node:timers/promises';

import { costOf } from '../support/load-cost.js';
import type { LoadCost } from '../support/load-cost.js';
import { note } from '../support/report.js';
import type { TimedSpeech } from '../support/timed-speech.js';
import { liveLevel } from './level-figures.js';
import type { LiveLevel } from './level-figures.js';
import { LiveStream } from './live-stream.js';
import type { LiveStreamOptions } from './live-stream.js';
import { scriptOf } from './script.js';
import { turnFigures } from './turn-figures.js';
import type { TurnFigures } from './turn-figures.js';

/** So many streams for so long. */
export interface LiveLevelPlan extends LiveStreamOptions {
  readonly streams: number;
  readonly pool: readonly TimedSpeech[];
  readonly sampleRateHz: number;
  readonly gapSeconds: number;
  /** Within which one after the other begins. */
  readonly staggerSeconds: number;
  /** How long all are there. */
  readonly seconds: number;
  /** The server's supervisor. */
  readonly pid: number;
}

/** Streams that follow each other do not say the same at the same time. */
const TEXTS_APART = 5;

interface Heard {
  readonly turns: readonly TurnFigures[];
  readonly problem: string | undefined;
}

/** Lets so many streams speak; turns count that are said while all of them are there. */
export async function runLiveLevel(plan: LiveLevelPlan): Promise<LiveLevel & LoadCost> {
  const { streams, staggerSeconds, seconds, pid } = plan;
  const beginMs = performance.now();
  const speaking = Array.from({ length: streams }, (_, at) => speakAs(plan, at));
  const cost = delay(staggerSeconds * 1000).then(() => costOf(pid, seconds));
  const [measured, ...heard] = await Promise.all([cost, ...speaking]);
  const fromMs = beginMs + staggerSeconds * 1000;
  const isCounted = ({ sentFromMs, sentToMs }: TurnFigures): boolean =>
    sentFromMs >= fromMs && sentToMs <= fromMs + seconds * 1000;
  const turns = heard.flatMap((one) => one.turns.filter(isCounted));
  const problems = heard.flatMap(({ problem }) => problem ?? []);
  for (const problem of problems) note(`live: ${problem}`);
  return { ...liveLevel(streams, turns, problems.length), ...measured };
}

/** One stream from its first sample to its last word. */
async function speakAs(plan: LiveLevelPlan, number: number): Promise<Heard> {
  const { streams, staggerSeconds, seconds } = plan;
  const script = scriptOf({
    ...plan,
    first: number * TEXTS_APART,
    seconds: seconds + staggerSeconds,
  });
  await delay((staggerSeconds * 1000 * number) / streams);
  try {
    const stream = await LiveStream.open(plan, script.sampleRateHz);
    try {
      await stream.say(script);
      const problem = stream.heard.problems[0];
      // What it would have said after its end has no times.
      if (stream.ended !== undefined) return { turns: [], problem: problem ?? stream.ended };
      return { turns: turnFigures(stream, script, plan), problem };
    } finally {
      stream.close();
    }
  } catch (caught) {
    return { turns: [], problem: caught instanceof Error ? caught.message : String(caught) };
  }
}
