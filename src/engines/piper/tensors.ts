import type { CutInput } from '../../models/piper/cut-file.js';
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

function cutTensor({ name, data, dims }: NamedTensor, range: FrameRange): NamedTensor {
  const frames = dims.at(-1) ?? 1;
  const channels = data.length / frames;
  const cut = sliceFrames({ data, channels, frames }, range);
  return { name, data: cut.data, dims: [...dims.slice(0, -1), cut.frames] };
}
