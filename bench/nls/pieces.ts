/** A text in pieces as a language model gives it: tokens of about four characters. */
export function piecesOf(text: string): readonly string[] {
  return text.match(/[\s\S]{1,4}/g) ?? [];
}

/** Which piece ends the first sentence; the last one if none does. */
export function firstSentenceEnd(pieces: readonly string[]): number {
  const at = pieces.findIndex((piece) => /[.!?。！？]/.test(piece));
  return at === -1 ? pieces.length - 1 : at;
}
