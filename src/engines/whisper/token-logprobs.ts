import type { TokenLogprob } from '../../protocol/requests.js';
import type { WhisperTokenizer } from './tokenizer.js';

/** The text tokens among some tokens, and how sure the model was of each. */
export function tokenLogprobs(
  tokenizer: WhisperTokenizer,
  tokens: readonly number[],
  logprobs: readonly number[],
): TokenLogprob[] {
  return tokens.flatMap((id, index) => {
    if (!tokenizer.isText(id)) return [];
    const bytes = [...tokenizer.bytesOf(id)];
    const token = new TextDecoder().decode(Uint8Array.from(bytes));
    return { token, logprob: logprobs[index] ?? 0, bytes };
  });
}
