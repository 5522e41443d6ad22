import type { InferenceSession } from 'onnxruntime-node';

import { ChorusError } from '../../protocol/errors.js';

/** What an engine feeds into one input of a graph. */
export interface InputContract {
  /** Element type as onnxruntime names it: `float32`, `int64`, `bool`, … */
  readonly type: string;
  /** Number of dimensions; undefined = any. */
  readonly rank?: number;
  /** True for an input that some exports leave out. */
  readonly optional?: boolean;
}

/** What an engine feeds into a graph and takes out of it. */
export interface GraphContract {
  readonly inputs: Readonly<Record<string, InputContract>>;
  /** Outputs that the engine fetches; a graph may have more. */
  readonly outputs?: readonly string[];
}

type Metadata = InferenceSession.ValueMetadata;

/**
 * Makes sure that a graph is the one that the engine was written for, so that a wrong export is
 * refused at load with words instead of failing in a request.
 * @throws ChorusError `model_failed` that lists every difference.
 */
export function assertContract(
  session: Pick<InferenceSession, 'inputMetadata' | 'outputNames'>,
  contract: GraphContract,
  path: string,
): void {
  const differences = [
    ...missingInputs(session.inputMetadata, contract),
    ...session.inputMetadata.flatMap((input) => differencesOf(input, contract)),
    ...(contract.outputs ?? [])
      .filter((name) => !session.outputNames.includes(name))
      .map((name) => `the output ${name} is missing (there are ${session.outputNames.join(', ')})`),
  ];
  if (differences.length === 0) return;
  throw new ChorusError(
    'model_failed',
    `The graph ${path} is not what this engine runs: ${differences.join('; ')}.`,
  );
}

function missingInputs(inputs: readonly Metadata[], contract: GraphContract): string[] {
  const names = inputs.map((input) => input.name);
  return Object.entries(contract.inputs)
    .filter(([name, expected]) => !expected.optional && !names.includes(name))
    .map(([name]) => `the input ${name} is missing (there are ${names.join(', ')})`);
}

function differencesOf(input: Metadata, contract: GraphContract): string[] {
  const expected = contract.inputs[input.name];
  if (!expected) return [`the input ${input.name} is unknown`];
  if (!input.isTensor) return [`the input ${input.name} is no tensor`];
  const found: string[] = [];
  if (input.type !== expected.type) {
    found.push(`the input ${input.name} is ${input.type} instead of ${expected.type}`);
  }
  const rank = input.shape.length;
  if (expected.rank !== undefined && rank !== expected.rank) {
    found.push(`the input ${input.name} has ${rank} dimensions instead of ${expected.rank}`);
  }
  return found;
}
