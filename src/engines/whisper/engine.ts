import type { RecognitionEngine, RecognitionModel } from '../engine.js';
import { findWhisperFiles } from './model-files.js';
import type { WindowResult, WindowStep } from './steps.js';
import { WhisperTokenizer } from './tokenizer.js';
import { transcribe, type OpenWhisper } from './transcribe.js';

/** Whisper in all sizes: multilingual, English-only and large-v3. */
export const whisperEngine: RecognitionEngine<WindowStep, WindowResult> = {
  name: 'whisper',
  service: 'asr',
  replicaModule: new URL('./replica.js', import.meta.url),
  async open(card, modelDir): Promise<RecognitionModel<WindowStep, WindowResult>> {
    const { info } = await findWhisperFiles(modelDir);
    const tokenizer = await WhisperTokenizer.open(modelDir, info.tokens.endOfText);
    const model: OpenWhisper = { card, info, tokenizer };
    return {
      transcribe: (request, context) => transcribe(model, request, context),
      close: () => Promise.resolve(),
    };
  },
};
