import { runBuckets } from '../buckets.js';
import type { WarmedBuckets, WarmUpContext } from '../engine.js';
import { freshVadState, VAD_RATE_HZ } from '../vad/vad-state.js';
import { whisperBuckets } from './buckets.js';
import type { WhisperFiles } from './model-files.js';
import type { OpenWhisper } from './open-whisper.js';
import type { WhisperResult, WhisperStep, WindowStep } from './steps.js';
import { FRAME_SAMPLES, paddedFrames, WINDOW_FRAMES, windowsTogether } from './window-size.js';

/** Sound that the detector looks through. */
const SEARCHED_SECONDS = 2;
/** An utterance of two seconds. */
const SPOKEN_FRAMES = 200;
const HUM_HZ = 120;
const HUM_PEAK = 1_000;

type Context = WarmUpContext<WhisperStep, WhisperResult>;

/** Lets a replica look for speech and write a short window down. */
export async function warmUp(model: OpenWhisper, { step }: Context): Promise<void> {
  const pcm = soundOf(SEARCHED_SECONDS * VAD_RATE_HZ);
  await step({ type: 'speech', pcm, state: freshVadState(), isLast: true });
  await step(windowOf(paddedFrames(SPOKEN_FRAMES, model)));
}

/**
 * Lets a replica write down a window of every length, and batches of every size that memory allows.
 * @throws ChorusError that names the bucket that could not be run.
 */
export async function warmBuckets(
  { card }: OpenWhisper,
  files: WhisperFiles,
  context: Context,
): Promise<WarmedBuckets> {
  const { windowFrames, batch } = whisperBuckets(card);
  const [shortest = WINDOW_FRAMES] = windowFrames;
  await runBuckets('windowFrames', windowFrames, (frames) => context.step(windowOf(frames)));
  const sizes = batchesOf(files, shortest, batch);
  await runBuckets('batch', sizes, (size) =>
    context.together(Array.from({ length: size }, () => windowOf(shortest))),
  );
  return { windowFrames, batch: sizes };
}

/** The sizes that the scheduler makes of windows of so many frames; exports decode one at a time. */
function batchesOf(files: WhisperFiles, frames: number, sizes: readonly number[]): number[] {
  const most = files.kind === 'optimum' ? 1 : windowsTogether(files.dims, frames);
  return sizes.filter((size) => size <= most);
}

/** A window that is all sound, with times of its tokens. */
function windowOf(totalFrames: number): WindowStep {
  const pcm = soundOf(totalFrames * FRAME_SAMPLES);
  return {
    ...{ type: 'window', pcm, lead: 0, frames: totalFrames, totalFrames },
    ...{ prompt: [], temperature: 0, alignment: true },
  };
}

/** A low hum: no word is heard in it, so that few tokens are written. */
function soundOf(samples: number): Int16Array {
  const wave = (2 * Math.PI * HUM_HZ) / VAD_RATE_HZ;
  return Int16Array.from({ length: samples }, (_, at) => HUM_PEAK * Math.sin(wave * at));
}
