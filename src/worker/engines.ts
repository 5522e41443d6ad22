import type { EngineTable } from '../engines/engine.js';
import { kokoroEngine } from '../engines/kokoro/engine.js';
import { piperEngine } from '../engines/piper/engine.js';
import { whisperEngine } from '../engines/whisper/engine.js';

/** The engines that a worker has, by the name that cards use. */
export const ENGINES: EngineTable = {
  piper: piperEngine,
  kokoro: kokoroEngine,
  whisper: whisperEngine,
};
