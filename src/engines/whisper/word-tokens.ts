/** Which tokens make a word; source of the rules: `whisper/tokenizer.py`. */

/** A word as it is written, with the space before it. */
export interface WordTokens {
  readonly text: string;
  readonly tokens: readonly number[];
}

/** Languages that are written without spaces: each character, or what the tokens make of it, is one. */
const WITHOUT_SPACES = new Set(['zh', 'ja', 'th', 'lo', 'my', 'yue']);
/** ASCII punctuation, which stands alone until it is merged (see `word-punctuation.ts`). */
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

/**
 * Splits text tokens into words. No token is lost: joined again, they are those that came.
 * @param language ISO 639-1.
 */
export function splitWords(
  tokens: readonly number[],
  bytesOf: (token: number) => Uint8Array,
  language: string,
): WordTokens[] {
  const characters = splitCharacters(tokens, bytesOf);
  return WITHOUT_SPACES.has(language) ? characters : joinAtSpaces(characters);
}

/** The shortest runs of tokens that are whole characters. */
function splitCharacters(
  tokens: readonly number[],
  bytesOf: (token: number) => Uint8Array,
): WordTokens[] {
  const found: WordTokens[] = [];
  let open: number[] = [];
  let bytes: number[] = [];
  for (const token of tokens) {
    open.push(token);
    bytes.push(...bytesOf(token));
    const text = wholeText(bytes);
    if (text === undefined) continue;
    found.push({ text, tokens: open });
    open = [];
    bytes = [];
  }
  if (open.length > 0) {
    found.push({ text: new TextDecoder().decode(Uint8Array.from(bytes)), tokens: open });
  }
  return found;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function wholeText(bytes: readonly number[]): string | undefined {
  try {
    return strictDecoder.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

function joinAtSpaces(parts: readonly WordTokens[]): WordTokens[] {
  const words: WordTokens[] = [];
  for (const part of parts) {
    const last = words.at(-1);
    const begins = part.text.startsWith(' ') || PUNCTUATION.test(part.text.trim());
    if (!last || begins) words.push(part);
    else {
      words[words.length - 1] = {
        text: last.text + part.text,
        tokens: [...last.tokens, ...part.tokens],
      };
    }
  }
  return words;
}
