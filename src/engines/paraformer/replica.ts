/** The half of the engine that computes; runs in an inference thread. */
import type { Replica, ReplicaLoad, StepControl, StepOutput } from '../engine.js';
import { rowPadding } from '../funasr/buckets.js';
import { FrontEnd } from '../funasr/front-end.js';
import { precisionOf } from '../funasr/graph-files.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';
import {
  DECODER_CONTRACT,
  ENCODER_CONTRACT,
  findParaformer,
  OFFLINE_CONTRACT,
  type ParaformerFiles,
} from './model-files.js';
import { hearSpan } from './offline-graph.js';
import { OnlineGraphs } from './online-graphs.js';
import { heardSeconds, hearPiece, newOnlineState, type OnlineModel } from './online-stream.js';
import type { OnlineState, ParaformerResult, ParaformerStep } from './steps.js';

/** A Paraformer replica. */
export type ParaformerReplica = Replica<ParaformerStep, ParaformerResult>;

/** Loads a model's graphs and its features' tables. */
export function loadReplica(load: ReplicaLoad): Promise<ParaformerReplica> {
  return ReplicaSessions.open(load, async (sessions) => {
    const files = await findParaformer(load.modelDir, sessions);
    return files.kind === 'offline'
      ? loadOffline(load, sessions, files)
      : loadOnline(sessions, files);
  });
}

async function loadOffline(
  load: ReplicaLoad,
  sessions: ReplicaSessions,
  { graph, frontEnd: config }: Extract<ParaformerFiles, { kind: 'offline' }>,
): Promise<ParaformerReplica> {
  const session = await sessions.add({ path: graph, expect: OFFLINE_CONTRACT });
  const held = { ...sessions.held(), precision: precisionOf(graph) };
  const model = { session, frontEnd: new FrontEnd(config), pad: rowPadding(load, held) };
  return {
    ...held,
    run: async ({ pcm }) => ({ result: await hearSpan(model, pcm) }),
  };
}

async function loadOnline(
  sessions: ReplicaSessions,
  files: Extract<ParaformerFiles, { kind: 'online' }>,
): Promise<ParaformerReplica> {
  const encoder = await sessions.add({ path: files.encoder, expect: ENCODER_CONTRACT });
  const decoder = await sessions.add({ path: files.decoder, expect: DECODER_CONTRACT });
  const graphs = new OnlineGraphs(encoder, decoder, files.metadata);
  const model: OnlineModel = { graphs, frontEnd: new FrontEnd(files.frontEnd) };
  return {
    ...sessions.held(),
    precision: precisionOf(files.encoder),
    run: (step, control) => runOnline(model, step, control),
  };
}

async function runOnline(
  model: OnlineModel,
  step: ParaformerStep,
  control: StepControl,
): Promise<StepOutput<ParaformerResult>> {
  const isLive = step.kind === 'live';
  const state = (isLive ? step.state : undefined) ?? newOnlineState(model);
  const isLast = isLive ? step.isLast : true;
  const tokens = await hearPiece(model, state, { pcm: step.pcm, isLast, control });
  const throughSeconds = heardSeconds(model, state);
  if (isLast) return { result: { tokens, timed: true, throughSeconds } };
  return { result: { tokens, timed: true, state, throughSeconds }, transfer: buffersOf(state) };
}

function buffersOf({ frontEnd, rows, cif, caches }: OnlineState): ArrayBuffer[] {
  const { fbank, lfr } = frontEnd;
  const arrays = [fbank.tail, lfr.pending, rows, cif.sum, ...caches];
  return arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
}
