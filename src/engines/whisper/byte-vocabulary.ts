/**
 * Bytes of the tokens of a byte-level vocabulary. Such a vocabulary writes each byte as one visible
 * character: printable ones of Latin-1 as themselves, the others as those from U+0100 on (GPT-2,
 * `encoder.py`).
 */
const PRINTABLE: readonly (readonly [first: number, last: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];
const SHIFTED_FROM = 0x100;

function byteByCharacter(): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  let shifted = SHIFTED_FROM;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = PRINTABLE.some(([first, last]) => byte >= first && byte <= last);
    bytes.set(String.fromCodePoint(isPrintable ? byte : shifted++), byte);
  }
  return bytes;
}

/** What each token of a vocabulary stands for. */
export class ByteVocabulary {
  readonly #tokens: readonly (string | undefined)[];
  readonly #bytes = byteByCharacter();

  /** @param vocabulary Ids by the written form of tokens. */
  constructor(vocabulary: Readonly<Record<string, number>>) {
    const tokens: (string | undefined)[] = [];
    for (const [token, id] of Object.entries(vocabulary)) tokens[id] = token;
    this.#tokens = tokens;
  }

  /** The bytes of a token; none for one that is not text. */
  bytesOf(id: number): Uint8Array {
    const characters = [...(this.#tokens[id] ?? '')];
    return Uint8Array.from(characters.flatMap((one) => this.#bytes.get(one) ?? []));
  }
}
