import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Tokenizer } from '@huggingface/tokenizers';

import { ByteVocabulary } from './byte-vocabulary.js';

/** The part of a `tokenizer.json` that is looked at here. */
interface Definition {
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

/** Text to tokens and back, by the model's own vocabulary. */
export class WhisperTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #endOfText: number;
  readonly #vocabulary: ByteVocabulary;

  /** Reads the `tokenizer.json` of a model's folder. */
  static async open(modelDir: string, endOfText: number): Promise<WhisperTokenizer> {
    const text = await readFile(join(modelDir, 'tokenizer.json'), 'utf8');
    return new WhisperTokenizer(JSON.parse(text) as Definition, endOfText);
  }

  private constructor(definition: Definition, endOfText: number) {
    this.#tokenizer = new Tokenizer(definition, {});
    this.#endOfText = endOfText;
    this.#vocabulary = new ByteVocabulary(definition.model.vocab);
  }

  /** Whether a token is text, and no timestamp or control token. */
  isText(id: number): boolean {
    return id < this.#endOfText;
  }

  /** UTF-8 of a token; it may be a part of a character only. */
  bytesOf(id: number): Uint8Array {
    return this.#vocabulary.bytesOf(id);
  }

  /** Tokens of a text that conditions a window; it begins with a space, as Whisper's texts do. */
  encodePrompt(text: string): number[] {
    const trimmed = text.trim();
    if (trimmed === '') return [];
    return this.#tokenizer.encode(` ${trimmed}`, { add_special_tokens: false }).ids;
  }

  /** The text of tokens; timestamps and control tokens, which lie behind the text's, are left out. */
  decode(tokens: readonly number[]): string {
    const text = tokens.filter((id) => id < this.#endOfText);
    if (text.length === 0) return '';
    return this.#tokenizer.decode(text, {
      skip_special_tokens: true,
      clean_up_tokenization_spaces: false,
    });
  }
}
