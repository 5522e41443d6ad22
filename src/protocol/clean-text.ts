/**
 * Takes out what is no text, and moves nothing: halves of surrogate pairs become U+FFFD, and NUL, which
 * ends strings in C code, a space.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', ' ');
}
