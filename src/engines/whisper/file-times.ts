import type { TimeMap } from '../vad/time-map.js';
import { VAD_RATE_HZ } from '../vad/vad-state.js';

/** A stretch of time in seconds. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What reaches less than this beyond a joint of its window ends at the joint. */
const LEAST_PART_SECONDS = 0.5;

/**
 * Where something that was said in a window lies in the file. The window leaves out pauses of the
 * file: what reaches only a little beyond such a joint was said on this side of the pause, and a word
 * on one side.
 */
export function stretchInFile({ start, end }: Stretch, times: TimeMap): Stretch {
  const joints = times.joints.map((sample) => sample / VAD_RATE_HZ);
  const bounds = [start, ...joints.filter((joint) => joint > start && joint < end), end];
  const least = Math.min(LEAST_PART_SECONDS, (end - start) / 2);
  const lengthAt = (index: number) => (bounds[index + 1] ?? end) - (bounds[index] ?? start);
  let first = 0;
  let last = bounds.length - 2;
  while (last > first && lengthAt(last) <= least) last--;
  while (first < last && lengthAt(first) <= least) first++;
  return {
    start: times.toFileSeconds(bounds[first] ?? start, 'start'),
    end: times.toFileSeconds(bounds[last + 1] ?? end, 'end'),
  };
}
