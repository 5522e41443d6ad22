import type { ComputeTarget, ReplicaLoad } from '../engine.js';
import { openedBeside, openSession, type OpenedSession } from '../onnx/session.js';
import { AttentionSession } from './attention-graph.js';
import type { WhisperBackend } from './backend.js';
import { BuiltBackend, encoderContract } from './built-backend.js';
import { decoderContract } from './built-decoder.js';
import type { CacheElement } from './cache-element.js';
import type { WhisperFiles } from './model-files.js';
import { OPTIMUM_ENCODER, OptimumBackend, optimumDecoderContract } from './optimum-backend.js';
import { SilentTail } from './silent-tail.js';
import { hasSilentTail } from './window-size.js';

type Built = Extract<WhisperFiles, { kind: 'built' }>;
type Optimum = Extract<WhisperFiles, { kind: 'optimum' }>;

/** An opened model, and where it runs. */
export interface OpenedBackend {
  readonly backend: WhisperBackend;
  readonly opened: Pick<OpenedSession, 'provider' | 'degradedReason'>;
}

/**
 * Opens a model's graphs on a replica's device.
 * @param element What `files.encoder` and `files.decoder` give each other.
 */
export async function openBackend(
  load: Pick<ReplicaLoad, 'threads' | 'target'>,
  files: WhisperFiles,
  element: CacheElement = 'float32',
): Promise<OpenedBackend> {
  if (files.kind === 'optimum') return openOptimum(load, files);
  const { half } = files;
  if (load.target.kind === 'cpu' || !half) return openBuilt(load, files, element);
  try {
    const target: ComputeTarget = { kind: 'cuda', required: true };
    return await openBuilt({ ...load, target }, { ...files, ...half }, 'float16');
  } catch (caught) {
    if (load.target.required) throw caught;
    // The CPU has its own graphs: those in 16 bits are slow there.
    const { backend } = await openBuilt({ ...load, target: { kind: 'cpu' } }, files, 'float32');
    const degradedReason = caught instanceof Error ? caught.message : String(caught);
    return { backend, opened: { provider: 'cpu', degradedReason } };
  }
}

async function openBuilt(
  at: Pick<ReplicaLoad, 'threads' | 'target'>,
  { dims, info, ...paths }: Built,
  element: CacheElement,
): Promise<OpenedBackend> {
  const parts = { dims, element, heads: info.alignmentHeads };
  const { encoder, decoder, opened } = await openPair(at, {
    encoder: { path: paths.encoder, expect: encoderContract(dims) },
    decoder: { path: paths.decoder, expect: decoderContract(parts) },
  });
  const pair = { encoder, decoder };
  const tail = hasSilentTail(dims)
    ? { tail: await openedBeside([encoder, decoder], SilentTail.encode({ ...parts, encoder })) }
    : {};
  const opening = AttentionSession.open(dims.width / dims.heads);
  const attention = await openedBeside([encoder, decoder], opening);
  return { backend: new BuiltBackend({ ...parts, ...pair, ...tail, attention }), opened };
}

async function openOptimum(
  at: Pick<ReplicaLoad, 'threads' | 'target'>,
  files: Optimum,
): Promise<OpenedBackend> {
  const { encoder, decoder, opened } = await openPair(at, {
    encoder: { path: files.encoder, expect: OPTIMUM_ENCODER },
    decoder: { path: files.decoder, expect: optimumDecoderContract(files.dims) },
  });
  return { backend: new OptimumBackend(encoder, decoder, files.dims), opened };
}

type GraphToOpen = Pick<Parameters<typeof openSession>[0], 'path' | 'expect'>;

async function openPair(
  { threads, target }: Pick<ReplicaLoad, 'threads' | 'target'>,
  graphs: { readonly encoder: GraphToOpen; readonly decoder: GraphToOpen },
) {
  const encoder = await openSession({ ...graphs.encoder, threads, target });
  const opening = openSession({ ...graphs.decoder, threads, target });
  const decoder = await openedBeside([encoder.session], opening);
  const opened = encoder.degradedReason === undefined ? decoder : encoder;
  return { encoder: encoder.session, decoder: decoder.session, opened };
}
