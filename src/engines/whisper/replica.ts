/** The half of the engine that computes; runs in an inference thread. */
import { LogMel } from '../../audio/mel.js';
import { ChorusError } from '../../protocol/errors.js';
import { bucketOf, isPadded } from '../buckets.js';
import type { Replica, ReplicaLoad, StepControl, StepOutput } from '../engine.js';
import { SileroVad } from '../vad/silero-vad.js';
import { whisperBuckets } from './buckets.js';
import { decodeBatch, startLength, type DecodeJob, type DecodingModel } from './decode.js';
import { findWhisperFiles } from './model-files.js';
import { openBackend } from './open-backend.js';
import type { SpeechResult, SpeechStep, WhisperResult, WhisperStep, WindowStep } from './steps.js';

/** A Whisper replica. */
export type WhisperReplica = Replica<WhisperStep, WhisperResult>;

/** Loads a model's graphs, its features' tables and the detector of speech. */
export async function loadReplica(load: ReplicaLoad): Promise<WhisperReplica> {
  const files = await findWhisperFiles(load.modelDir);
  const vad = await openVad(load);
  const { backend, held } = await openBackend(load, files);
  const mel = new LogMel(files.dims.mels);
  const buckets = isPadded(load, held) ? whisperBuckets(load.card).windowFrames : undefined;
  const model = { tokens: files.info.tokens, dims: files.dims };
  const runTogether = async (steps: readonly WhisperStep[], controls: readonly StepControl[]) => {
    const results: WhisperResult[] = [];
    for (const group of groupsOf(steps, model)) {
      const some = group.map((index) => steps[index] as WhisperStep);
      const found = await runGroup(
        some,
        group.map((index) => controls[index] as StepControl),
      );
      for (const [i, index] of group.entries()) results[index] = found[i] as WhisperResult;
    }
    return results.map((result): StepOutput<WhisperResult> => ({ result }));
  };
  const runGroup = async (steps: readonly WhisperStep[], controls: readonly StepControl[]) => {
    const searches = steps.filter((step) => step.type === 'speech');
    if (searches.length > 0) return findSpeech(vad, searches);
    const windows = steps.filter((step) => step.type === 'window');
    // All as long as the longest: the scheduler joins only what differs little.
    const longest = Math.max(...windows.map((step) => step.totalFrames));
    const totalFrames = bucketOf(longest, buckets);
    const features = windows.map((step) => mel.compute({ ...step, totalFrames }));
    const audio = await backend.encode(features, totalFrames);
    const jobs = windows.map((step, i): DecodeJob => ({
      step,
      control: controls[i] as StepControl,
    }));
    return decodeBatch(audio, jobs, model);
  };
  return {
    ...held,
    run: async (step, control) => {
      const [output] = await runTogether([step], [control]);
      return output as StepOutput<WhisperResult>;
    },
    runTogether,
    close: async () => {
      await vad.close();
      await held.close();
    },
  };
}

async function openVad({ card, companions }: ReplicaLoad): Promise<SileroVad> {
  const folder = companions?.['silero-vad'];
  if (folder !== undefined) {
    try {
      return await SileroVad.open(folder);
    } catch (caught) {
      if ((caught as NodeJS.ErrnoException).code !== 'ENOENT') throw caught;
    }
  }
  throw new ChorusError(
    'model_failed',
    `${card.id} needs the model silero-vad beside it: run \`chorus pull silero-vad\`.`,
  );
}

/** Places of steps that can be computed at once: of one kind, and with starts of one length. */
function groupsOf(steps: readonly WhisperStep[], model: DecodingModel): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, step] of steps.entries()) {
    const key = step.type === 'speech' ? 'speech' : windowKey(step, model, index);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()];
}

/** A beam takes all rows for itself. */
function windowKey(step: WindowStep, model: DecodingModel, index: number): string {
  const alone = step.beamSize === undefined ? '' : ` ${index}`;
  return `window ${startLength(model, step)}${alone}`;
}

async function findSpeech(vad: SileroVad, steps: readonly SpeechStep[]): Promise<SpeechResult[]> {
  const found = await vad.run(steps);
  const results: SpeechResult[] = [];
  for (const [index, { probabilities, state }] of found.entries()) {
    const rest = steps[index]?.isLast ? await vad.finish(state) : new Float32Array(0);
    const all = new Float32Array(probabilities.length + rest.length);
    all.set(probabilities);
    all.set(rest, probabilities.length);
    results.push({ type: 'speech', probabilities: all, state });
  }
  return results;
}
