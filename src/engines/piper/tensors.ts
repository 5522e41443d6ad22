import type { CutInput } from '../../models/piper/cut-file.js';
import { paddedRows } from '../buckets.js';
import { sliceFrames } from './frames.js';
import type { NamedTensor } from './steps.js';
import type { FrameRange } from '../../models/piper/frame-range.js';

/** What a graph takes of the front's tensors for some frames: those with time in them are cut. */
export function cutTensors(
  tensors: readonly NamedTensor[],
  inputs: readonly CutInput[],
  range: FrameRange,
): NamedTensor[] {
  return inputs.flatMap(({ name, kind }) => {
    const tensor = tensors.find((one) => one.name === name);
    if (!tensor) return [];
    return [kind === 'frames' ? cutTensor(tensor, range) : tensor];
  });
}

/**
 * The tensors of a step with zeros behind their last frame. Where the mask of the frames is among them
 * it says that those are none; without one they are frames that are dropped later.
 */
export function padTensors(
  tensors: readonly NamedTensor[],
  inputs: readonly CutInput[],
  frames: number,
): NamedTensor[] {
  const varying = new Set(inputs.flatMap(({ name, kind }) => (kind === 'frames' ? [name] : [])));
  return tensors.map((tensor) => {
    const { name, data, dims } = tensor;
    if (!varying.has(name)) return tensor;
    const padded = paddedRows(data, dims.at(-1) ?? 1, frames);
    return { name, data: padded, dims: [...dims.slice(0, -1), frames] };
  });
}

function cutTensor({ name, data, dims }: NamedTensor, range: FrameRange): NamedTensor {
  const frames = dims.at(-1) ?? 1;
  const channels = data.length / frames;
  const cut = sliceFrames({ data, channels, frames }, range);
  return { name, data: cut.data, dims: [...dims.slice(0, -1), cut.frames] };
}
