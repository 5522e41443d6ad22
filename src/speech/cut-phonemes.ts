/**
 * Cuts a string of phonemes into pieces of bounded length, between words where there are any. A
 * number of a hundred digits is one word to the reader and a thousand phonemes to the model.
 */
export function cutPhonemes(phonemes: string, maxLength: number): string[] {
  const pieces: string[] = [];
  let rest = phonemes;
  while (rest.length > maxLength) {
    const space = rest.lastIndexOf(' ', maxLength - 1);
    const cut = space > 0 ? space + 1 : maxLength;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest !== '') pieces.push(rest);
  return pieces;
}
