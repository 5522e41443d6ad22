import { setTimeout as delay } from 'node:timers/promises';

import { costOf } from '../support/load-cost.js';
import type { LoadCost } from '../support/load-cost.js';
import { note } from '../support/report.js';
import type { TimedSpeech } from '../support/timed-speech.js';
import { scriptOf } from './script.js';
import type { Script } from './script.js';
import type { Heard, SpokenStream } from './spoken-stream.js';
import { turnFigures } from './turn-figures.js';
import type { Closing, TurnFigures } from './turn-figures.js';

/** So many streams for so long. */
export interface TogetherPlan extends Closing {
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

/** A stream that has said all of its script. */
export interface Spoken<Stream extends SpokenStream> {
  readonly stream: Stream;
  readonly script: Script;
}

/** What became of streams that spoke at the same time. */
export interface Together<Stream extends SpokenStream> {
  /** Those that came to their end. */
  readonly spoken: readonly Spoken<Stream>[];
  /** Connections that ended, sessions that were told of errors. */
  readonly problems: readonly string[];
  readonly cost: LoadCost;
  /** Gives the turns of a stream that it said while all others were there. */
  counted(one: Spoken<Stream>, heard?: Heard): readonly TurnFigures[];
}

/** Streams that follow each other do not say the same at the same time. */
const TEXTS_APART = 5;

interface Outcome<Stream extends SpokenStream> {
  readonly spoken?: Spoken<Stream>;
  readonly problem: string | undefined;
}

/** Lets so many streams speak, one after the other at first and then all together. */
export async function speakTogether<Stream extends SpokenStream>(
  plan: TogetherPlan,
  open: (sampleRateHz: number) => Promise<Stream>,
): Promise<Together<Stream>> {
  const { streams, staggerSeconds, seconds, pid } = plan;
  const fromMs = performance.now() + staggerSeconds * 1000;
  const speaking = Array.from({ length: streams }, (_, at) => speakAs(plan, at, open));
  const measuring = delay(staggerSeconds * 1000).then(() => costOf(pid, seconds));
  const [cost, ...outcomes] = await Promise.all([measuring, ...speaking]);
  const problems = outcomes.flatMap(({ problem }) => problem ?? []);
  for (const problem of problems) note(`stream: ${problem}`);
  const isCounted = ({ sentFromMs, sentToMs }: TurnFigures): boolean =>
    sentFromMs >= fromMs && sentToMs <= fromMs + seconds * 1000;
  return {
    spoken: outcomes.flatMap(({ spoken }) => spoken ?? []),
    problems,
    cost,
    counted: ({ stream, script }, heard = stream.heard) => {
      const { clock, committedAtMs } = stream;
      return turnFigures({ heard, clock, committedAtMs }, script, plan).filter(isCounted);
    },
  };
}

/** One stream from its first sample to its last word. */
async function speakAs<Stream extends SpokenStream>(
  plan: TogetherPlan,
  number: number,
  open: (sampleRateHz: number) => Promise<Stream>,
): Promise<Outcome<Stream>> {
  const { streams, staggerSeconds } = plan;
  const seconds = plan.seconds + staggerSeconds;
  const script = scriptOf({ ...plan, first: number * TEXTS_APART, seconds });
  await delay((staggerSeconds * 1000 * number) / streams);
  try {
    const stream = await open(script.sampleRateHz);
    try {
      await stream.say(script);
      const problem = stream.heard.problems[0];
      // What it would have said after its end has no times.
      if (stream.ended !== undefined) return { problem: problem ?? stream.ended };
      return { spoken: { stream, script }, problem };
    } finally {
      stream.close();
    }
  } catch (caught) {
    return { problem: caught instanceof Error ? caught.message : String(caught) };
  }
}
