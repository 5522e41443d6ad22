/** The half of the engine that computes; runs in an inference thread. */
import { LogMel } from '../../audio/mel.js';
import type { Replica, ReplicaLoad, StepControl, StepOutput } from '../engine.js';
import { openSession, type OpenedSession } from '../onnx/session.js';
import type { WhisperBackend } from './backend.js';
import { BuiltBackend, decoderContract, encoderContract } from './built-backend.js';
import { decodeWindow } from './decode.js';
import { findWhisperFiles, type WhisperFiles } from './model-files.js';
import { OPTIMUM_ENCODER, OptimumBackend, optimumDecoderContract } from './optimum-backend.js';
import type { WindowResult, WindowStep } from './steps.js';
import { WINDOW_FRAMES } from './window-reader.js';

/** A Whisper replica. */
export type WhisperReplica = Replica<WindowStep, WindowResult>;

/** Loads a model's graphs and its features' tables. */
export async function loadReplica(load: ReplicaLoad): Promise<WhisperReplica> {
  const files = await findWhisperFiles(load.modelDir);
  const { backend, opened } = await openBackend(load, files);
  const mel = new LogMel(files.dims.mels);
  const { tokens } = files.info;
  const { provider, degradedReason } = opened;
  return {
    provider,
    ...(degradedReason === undefined ? {} : { degradedReason }),
    async run(step: WindowStep, control: StepControl): Promise<StepOutput<WindowResult>> {
      // Whisper was trained on windows of 30 s: shorter audio is padded, as it was there.
      const features = mel.compute({ ...step, totalFrames: WINDOW_FRAMES });
      const audio = await backend.encode(features, WINDOW_FRAMES);
      return { result: await decodeWindow(audio, { tokens, dims: files.dims, step, control }) };
    },
    close: () => backend.close(),
  };
}

async function openBackend(
  { threads, target }: ReplicaLoad,
  files: WhisperFiles,
): Promise<{ backend: WhisperBackend; opened: OpenedSession }> {
  const built = files.kind === 'built';
  const expectEncoder = built ? encoderContract(files.dims) : OPTIMUM_ENCODER;
  const expectDecoder = built ? decoderContract(files.dims) : optimumDecoderContract(files.dims);
  const encoder = await openSession({
    path: files.encoder,
    threads,
    target,
    expect: expectEncoder,
  });
  const decoder = await openSession({
    path: files.decoder,
    threads,
    target,
    expect: expectDecoder,
  });
  const backend = built
    ? new BuiltBackend(encoder.session, decoder.session, files.dims)
    : new OptimumBackend(encoder.session, decoder.session, files.dims);
  return { backend, opened: encoder.degradedReason === undefined ? decoder : encoder };
}
