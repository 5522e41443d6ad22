/** Reduces a text to what a listener can hear: lower-case words without punctuation. */
export function heardWords(text: string): readonly string[] {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/['’]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * Word error rate of a transcript: substituted, deleted and inserted words, per word of the
 * reference (edit distance after Wagner and Fischer, 1974).
 */
export function wordErrorRate(reference: string, transcript: string): number {
  const said = heardWords(reference);
  const written = heardWords(transcript);
  let row = Array.from({ length: written.length + 1 }, (_, column) => column);
  for (const [index, word] of said.entries()) {
    const next = [index + 1];
    for (const [column, other] of written.entries()) {
      const replaced = (row[column] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return (row.at(-1) ?? 0) / said.length;
}
