import type { RecognitionEngine, RecognitionModel } from '../engine.js';
import { listen } from './listen.js';
import { findWhisperFiles, type WhisperFiles } from './model-files.js';
import type { OpenWhisper } from './open-whisper.js';
import type { WhisperResult, WhisperStep } from './steps.js';
import { WhisperTokenizer } from './tokenizer.js';
import { transcribe } from './transcribe.js';
import { warmBuckets, warmUp } from './warm-up.js';
import { areAlike, hasSilentTail, windowsTogether } from './window-size.js';

/** Whisper in all sizes: multilingual, English-only and large-v3. */
export const whisperEngine: RecognitionEngine<WhisperStep, WhisperResult> = {
  name: 'whisper',
  service: 'asr',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir): Promise<RecognitionModel<WhisperStep, WhisperResult>> {
    const files = await findWhisperFiles(modelDir);
    const { info } = files;
    const tokenizer = await WhisperTokenizer.open(modelDir, info.tokens.endOfText);
    const isTailed = files.kind === 'built' && hasSilentTail(files.dims);
    const model: OpenWhisper = { card, info, tokenizer, isTailed };
    return {
      transcribe: (request, context) => transcribe(model, request, context),
      listen: (request, audio, context) => listen(model, request, { audio, context }),
      warmUp: (context) => warmUp(model, context),
      warmBuckets: (context) => warmBuckets(model, files, context),
      joins: (together, next) => joins(files, together, next),
      close: () => Promise.resolve(),
    };
  },
};

/** Windows of about the same length join as far as memory allows, and looking for speech does. */
function joins(files: WhisperFiles, together: readonly WhisperStep[], next: WhisperStep): boolean {
  const all = [...together, next];
  if (all.every((step) => step.type === 'speech')) return true;
  // An export cannot say which rows of a batch have ended.
  if (files.kind === 'optimum') return false;
  const lengths = all.flatMap((step) => (step.type === 'window' ? [step.totalFrames] : []));
  if (lengths.length < all.length || !areAlike(lengths)) return false;
  if (all.some((step) => step.type === 'window' && step.beamSize !== undefined)) return false;
  return all.length <= windowsTogether(files.dims, Math.max(...lengths));
}
