import type { ModelCard } from '../../models/card.js';
import type { WhisperInfo } from '../../models/whisper/info.js';
import type { WhisperTokenizer } from './tokenizer.js';

/** What the model half keeps of a model. */
export interface OpenWhisper {
  readonly card: ModelCard;
  readonly info: WhisperInfo;
  readonly tokenizer: WhisperTokenizer;
  /** Whether its windows get silence that was encoded before, see `silent-tail.ts`. */
  readonly isTailed: boolean;
}
