import { InferenceSession } from 'onnxruntime-node';

import { ChorusError } from '../../protocol/errors.js';
import type { ComputeTarget } from '../engine.js';
import { assertContract, type GraphContract } from './contract.js';
import { RunProfile } from './run-profile.js';

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
}

/** A loaded graph. */
export interface OpenedSession {
  readonly session: InferenceSession;
  /** Of the first runs, if it was asked for and could be had; whoever releases the session closes it. */
  readonly profile?: RunProfile;
}

/**
 * Opens a graph the one way all engines do: explicit threads that do not spin while they wait, the
 * provider of the target, the graph's contract checked. It runs there or nowhere: what falls back to
 * the CPU is a replica with all of its graphs, see `ReplicaSessions`.
 * @throws ChorusError `model_failed` with onnxruntime's words.
 */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession> {
  const opened = await createWatched(options);
  try {
    assertContract(opened.session, options.expect, options.path);
  } catch (error) {
    await opened.session.release();
    await opened.profile?.close();
    throw error;
  }
  return opened;
}

async function createWatched(options: OpenSessionOptions): Promise<OpenedSession> {
  if (!options.isProfiled) return { session: await create(options) };
  return RunProfile.begin((profiling) =>
    create({ ...options, options: { ...options.options, ...profiling } }),
  );
}

async function create(options: OpenSessionOptions): Promise<InferenceSession> {
  const provider = options.target.kind;
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

/** What is said of a failure, whatever was thrown. */
export function wordsOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}
