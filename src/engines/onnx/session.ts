import { InferenceSession } from 'onnxruntime-node';

import { ChorusError } from '../../protocol/errors.js';
import type { ComputeTarget } from '../engine.js';
import { assertContract, type GraphContract } from './contract.js';
import { RunProfile } from './run-profile.js';

/** What to do about a GPU that does not compute. */
export const GPU_ADVICE =
  'REQUIRE_GPU=true forbids the CPU: `chorus setup cuda --check` and `chorus doctor` say what the ' +
  'GPU lacks.';

/** How to open a graph. */
export interface OpenSessionOptions {
  readonly path: string;
  /** The graph itself, where it is made in memory; `path` then only says what it was made from. */
  readonly graph?: Uint8Array;
  /** Intra-op threads; onnxruntime's own default would take every core for each session. */
  readonly threads: number;
  readonly target: ComputeTarget;
  readonly expect: GraphContract;
  /** Overrides of rarely needed session options, such as `enableCpuMemArena`. */
  readonly options?: InferenceSession.SessionOptions;
  /** Whether to note where the nodes of the first runs ran. */
  readonly isProfiled?: boolean;
  /** Never fall back to the CPU: whoever opens it has another graph for that. */
  readonly staysOnTarget?: boolean;
}

/** A loaded graph and where it runs. */
export interface OpenedSession {
  readonly session: InferenceSession;
  /** The execution provider in use. */
  readonly provider: 'cpu' | 'cuda';
  /** Why the provider is not the one asked for. */
  readonly degradedReason?: string;
  /** Of the first runs, if it was asked for and could be had; whoever releases the session closes it. */
  readonly profile?: RunProfile;
}

/**
 * Opens a graph the one way all engines do: explicit threads that do not spin while they wait, the
 * provider of the target, the graph's contract checked. CUDA that cannot load falls back to the CPU
 * with a reason, unless the target requires it.
 * @throws ChorusError `model_failed` with onnxruntime's words.
 */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession> {
  const opened = await createOnTarget(options);
  try {
    assertContract(opened.session, options.expect, options.path);
  } catch (error) {
    await opened.session.release();
    await opened.profile?.close();
    throw error;
  }
  return opened;
}

async function createOnTarget(options: OpenSessionOptions): Promise<OpenedSession> {
  const { target, staysOnTarget } = options;
  if (target.kind === 'cpu') return { ...(await createWatched(options, 'cpu')), provider: 'cpu' };
  try {
    return { ...(await createWatched(options, 'cuda')), provider: 'cuda' };
  } catch (caught) {
    if (staysOnTarget) throw caught;
    if (target.required) throw refusal(caught);
    const opened = await createWatched(options, 'cpu');
    return { ...opened, provider: 'cpu', degradedReason: wordsOf(caught) };
  }
}

type Created = Pick<OpenedSession, 'session' | 'profile'>;

async function createWatched(
  options: OpenSessionOptions,
  provider: 'cpu' | 'cuda',
): Promise<Created> {
  if (!options.isProfiled) return { session: await create(options, provider) };
  return RunProfile.begin((profiling) =>
    create({ ...options, options: { ...options.options, ...profiling } }, provider),
  );
}

function refusal(caught: unknown): ChorusError {
  return new ChorusError('model_failed', `${wordsOf(caught)} ${GPU_ADVICE}`, {}, { cause: caught });
}

async function create(
  options: OpenSessionOptions,
  provider: 'cpu' | 'cuda',
): Promise<InferenceSession> {
  try {
    const settings: InferenceSession.SessionOptions = {
      // A worker sees its one GPU as device 0. The CPU runs what the GPU provider has no kernel for.
      executionProviders: provider === 'cuda' ? [{ name: 'cuda', deviceId: 0 }, 'cpu'] : ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
      // Spinning threads of several sessions in one process take each other's cores.
      extra: { session: { 'intra_op.allow_spinning': '0' } },
      ...options.options,
    };
    const { path, graph } = options;
    return await (graph
      ? InferenceSession.create(graph, settings)
      : InferenceSession.create(path, settings));
  } catch (caught) {
    throw new ChorusError(
      'model_failed',
      `The graph ${options.path} cannot be loaded on ${provider}: ${wordsOf(caught)}`,
      {},
      { cause: caught },
    );
  }
}

function wordsOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}
