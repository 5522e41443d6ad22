import type { LoadCost } from '../support/load-cost.js';
import { liveLevel } from './level-figures.js';
import type { LiveLevel } from './level-figures.js';
import { LiveStream } from './live-stream.js';
import type { LiveStreamOptions } from './live-stream.js';
import { speakTogether } from './together.js';
import type { TogetherPlan } from './together.js';

/** So many streams over the Realtime door for so long. */
export type LiveLevelPlan = LiveStreamOptions & TogetherPlan;

/** Lets so many streams speak; turns count that are said while all of them are there. */
export async function runLiveLevel(plan: LiveLevelPlan): Promise<LiveLevel & LoadCost> {
  const together = await speakTogether(plan, (rateHz) => LiveStream.open(plan, rateHz));
  const turns = together.spoken.flatMap((one) => together.counted(one));
  return { ...liveLevel(plan.streams, turns, together.problems.length), ...together.cost };
}
