/** The half of the engine that computes; runs in an inference thread. */
import { type InferenceSession, Tensor } from 'onnxruntime-node';

import type { Replica, ReplicaLoad } from '../engine.js';
import { type PaddedSpan, type PadRows, rowPadding } from '../funasr/buckets.js';
import { FrontEnd } from '../funasr/front-end.js';
import { precisionOf } from '../funasr/graph-files.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';
import { decodeCtc } from './ctc.js';
import { findSenseVoice, type SenseVoiceFiles, senseVoiceContract } from './model-files.js';
import type { SpanResult, SpanStep } from './steps.js';

/** A SenseVoice replica. */
export type SenseVoiceReplica = Replica<SpanStep, SpanResult>;

/** Rows that the network puts before the speech: language, emotion, event, style of writing. */
const PROMPT_ROWS = 4;

/** Loads a model's graph and its features' tables. */
export function loadReplica(load: ReplicaLoad): Promise<SenseVoiceReplica> {
  return ReplicaSessions.open(load, async (sessions) => {
    const files = await findSenseVoice(load.modelDir, sessions);
    const expect = senseVoiceContract(files.names);
    const session = await sessions.add({ path: files.graph, expect });
    const held = { ...sessions.held(), precision: precisionOf(files.graph) };
    const hearing = { frontEnd: new FrontEnd(files.frontEnd), pad: rowPadding(load, held) };
    return {
      ...held,
      run: async (step) => ({ result: await hear(session, files, { ...hearing, step }) }),
    };
  });
}

/** What a step is heard with. */
interface Hearing {
  readonly step: SpanStep;
  readonly frontEnd: FrontEnd;
  readonly pad: PadRows;
}

async function hear(
  session: InferenceSession,
  files: SenseVoiceFiles,
  { step, frontEnd, pad }: Hearing,
): Promise<SpanResult> {
  const rows = frontEnd.whole(step.pcm);
  const { rowSeconds, width } = frontEnd;
  if (rows.length === 0) return { tokens: [], rowSeconds };
  const scores = await score(session, files, { step, span: pad(rows, width), width });
  const found = decodeCtc({ ...scores, blank: files.blank });
  const tokens = found.map(({ fromFrame, toFrame, ...token }) => ({
    ...token,
    fromFrame: fromFrame - PROMPT_ROWS,
    toFrame: toFrame - PROMPT_ROWS,
  }));
  return { tokens, rowSeconds };
}

async function score(
  session: InferenceSession,
  { names, languageIds, writtenStyleId }: SenseVoiceFiles,
  audio: { readonly step: SpanStep; readonly span: PaddedSpan; readonly width: number },
): Promise<{ values: Float32Array; frames: number; vocabulary: number }> {
  const { step, width } = audio;
  const { rows, length, count } = audio.span;
  const int32 = (value: number) => new Tensor('int32', Int32Array.of(value), [1]);
  const outputs = await session.run(
    {
      [names.speech]: new Tensor('float32', rows, [1, length, width]),
      [names.lengths]: int32(count),
      [names.language]: int32(languageIds[step.language ?? 'auto'] ?? 0),
      [names.style]: int32(writtenStyleId),
    },
    [names.logits],
  );
  const logits = outputs[names.logits];
  const [, frames = 0, vocabulary = 0] = logits?.dims ?? [];
  const values = (logits?.data ?? new Float32Array(0)) as Float32Array;
  return { values, frames: Math.min(frames, count + PROMPT_ROWS), vocabulary };
}
