import type { ComputeTarget } from '../engines/engine.js';
import { GPU_ADVICE } from '../engines/onnx/replica-sessions.js';
import { ChorusError } from '../protocol/errors.js';
import {
  heavyCpuOperators,
  isOnCpu,
  operatorWords,
  worstPlacement,
} from '../protocol/placement.js';
import type { ReplicaThread } from './replica-thread.js';

/**
 * Lets each replica say where its warm-up ran; where a GPU is required, a model that ran on the CPU is
 * refused. onnxruntime opens a graph on a GPU that has kernels for none of its nodes without a word.
 * @throws ChorusError `model_failed` that names the operators.
 */
export async function settlePlacement(
  id: string,
  replicas: readonly Pick<ReplicaThread, 'warmed'>[],
  target: ComputeTarget,
): Promise<void> {
  const told = await Promise.all(replicas.map((replica) => replica.warmed()));
  if (target.kind === 'cpu' || !target.required) return;
  const placement = worstPlacement(told.flatMap((one) => one ?? []));
  if (!placement || !isOnCpu(placement)) return;
  const heavy = heavyCpuOperators(placement);
  const operators = operatorWords(heavy.length > 0 ? heavy : placement.cpuOperators);
  const message = `${id} was opened on ${placement.provider}, but ran on the CPU: ${operators}.`;
  throw new ChorusError('model_failed', `${message} ${GPU_ADVICE}`);
}
