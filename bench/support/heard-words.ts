/** Reduces a text to what a listener can hear: lower-case words without punctuation. */
export function heardWords(text: string): readonly string[] {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/['’]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
