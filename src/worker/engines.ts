import type { EngineTable } from '../engines/engine.js';

/** The engines that a worker has, by the name that cards use. */
export const ENGINES: EngineTable = {
  piper: async () => (await import('../engines/piper/engine.js')).piperEngine,
  kokoro: async () => (await import('../engines/kokoro/engine.js')).kokoroEngine,
  whisper: async () => (await import('../engines/whisper/engine.js')).whisperEngine,
  sensevoice: async () => (await import('../engines/sensevoice/engine.js')).senseVoiceEngine,
  paraformer: async () => (await import('../engines/paraformer/engine.js')).paraformerEngine,
};
