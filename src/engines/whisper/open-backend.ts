import { ChorusError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/precision.js';
import type { ReplicaLoad } from '../engine.js';
import { type HeldSessions, ReplicaSessions, type SessionPlace } from '../onnx/replica-sessions.js';
import { AttentionSession } from './attention-graph.js';
import type { WhisperBackend } from './backend.js';
import { BuiltBackend, encoderContract } from './built-backend.js';
import { decoderContract } from './built-decoder.js';
import type { WhisperFiles } from './model-files.js';
import { OPTIMUM_ENCODER, OptimumBackend, optimumDecoderContract } from './optimum-backend.js';
import { SilentTail } from './silent-tail.js';
import { hasSilentTail } from './window-size.js';

type Built = Extract<WhisperFiles, { kind: 'built' }>;
type Optimum = Extract<WhisperFiles, { kind: 'optimum' }>;

/** In which order graphs are taken where nobody says which: as they suit the device. */
const ORDERS: Readonly<Record<ReplicaLoad['target']['kind'], readonly Precision[]>> = {
  cpu: ['int8', 'fp32', 'fp16'],
  cuda: ['fp16', 'fp32', 'int8'],
};

/** An opened model, and what it runs in. */
export interface OpenedBackend {
  readonly backend: WhisperBackend;
  readonly held: HeldSessions;
}

/** Opens a model's graphs on a replica's device. */
export function openBackend(load: SessionPlace, files: WhisperFiles): Promise<OpenedBackend> {
  return ReplicaSessions.open(load, (sessions) =>
    files.kind === 'optimum' ? openOptimum(sessions, files) : openBuilt(sessions, files),
  );
}

async function openBuilt(
  sessions: ReplicaSessions,
  { dims, info, graphs }: Built,
): Promise<OpenedBackend> {
  const precision = sessions.precision ?? ORDERS[sessions.device].find((one) => graphs.has(one));
  const paths = precision && graphs.get(precision);
  if (!paths) {
    const message = `There are no graphs in ${precision ?? 'any precision'}: \`chorus pull\` builds them.`;
    throw new ChorusError('model_failed', message);
  }
  const element = precision === 'fp16' ? 'float16' : 'float32';
  const parts = { dims, element, heads: info.alignmentHeads } as const;
  const encoder = await sessions.add({ path: paths.encoder, expect: encoderContract(dims) });
  const decoder = await sessions.add({ path: paths.decoder, expect: decoderContract(parts) });
  const tail = hasSilentTail(dims) && { tail: await SilentTail.encode({ ...parts, encoder }) };
  const attention = sessions.keep(await AttentionSession.open(dims.width / dims.heads));
  const backend = new BuiltBackend({ ...parts, encoder, decoder, ...tail, attention });
  return { backend, held: { ...sessions.held(), precision } };
}

async function openOptimum(
  sessions: ReplicaSessions,
  { encoder, decoder, dims }: Optimum,
): Promise<OpenedBackend> {
  const backend = new OptimumBackend(
    await sessions.add({ path: encoder, expect: OPTIMUM_ENCODER }),
    await sessions.add({ path: decoder, expect: optimumDecoderContract(dims) }),
    dims,
  );
  return { backend, held: sessions.held() };
}
