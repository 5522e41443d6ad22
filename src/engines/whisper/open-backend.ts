import { type HeldSessions, ReplicaSessions, type SessionPlace } from '../onnx/replica-sessions.js';
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

/** An opened model, and what it runs in. */
export interface OpenedBackend {
  readonly backend: WhisperBackend;
  readonly held: HeldSessions;
}

/**
 * Opens a model's graphs on a replica's device.
 * @param element What `files.encoder` and `files.decoder` give each other.
 */
export async function openBackend(
  load: SessionPlace,
  files: WhisperFiles,
  element: CacheElement = 'float32',
): Promise<OpenedBackend> {
  if (files.kind === 'optimum') return openOptimum(load, files);
  const { half } = files;
  if (load.target.kind === 'cpu' || !half) return openBuilt(load, files, element);
  try {
    const place = { ...load, staysOnTarget: !load.target.required };
    return await openBuilt(place, { ...files, ...half }, 'float16');
  } catch (caught) {
    if (load.target.required) throw caught;
    // The CPU has its own graphs: those in 16 bits are slow there.
    const degradedReason = caught instanceof Error ? caught.message : String(caught);
    return openBuilt({ ...load, target: { kind: 'cpu' }, degradedReason }, files, 'float32');
  }
}

function openBuilt(
  place: SessionPlace,
  { dims, info, ...paths }: Built,
  element: CacheElement,
): Promise<OpenedBackend> {
  const parts = { dims, element, heads: info.alignmentHeads };
  return ReplicaSessions.open(place, async (sessions) => {
    const encoder = await sessions.add({ path: paths.encoder, expect: encoderContract(dims) });
    const decoder = await sessions.add({ path: paths.decoder, expect: decoderContract(parts) });
    const tail = hasSilentTail(dims) && { tail: await SilentTail.encode({ ...parts, encoder }) };
    const attention = sessions.keep(await AttentionSession.open(dims.width / dims.heads));
    const backend = new BuiltBackend({ ...parts, encoder, decoder, ...tail, attention });
    return { backend, held: sessions.held() };
  });
}

function openOptimum(
  place: SessionPlace,
  { encoder, decoder, dims }: Optimum,
): Promise<OpenedBackend> {
  return ReplicaSessions.open(place, async (sessions) => {
    const backend = new OptimumBackend(
      await sessions.add({ path: encoder, expect: OPTIMUM_ENCODER }),
      await sessions.add({ path: decoder, expect: optimumDecoderContract(dims) }),
      dims,
    );
    return { backend, held: sessions.held() };
  });
}
