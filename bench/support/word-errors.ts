import { editDistance } from './edit-distance.js';

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
 * reference.
 */
export function wordErrorRate(reference: string, transcript: string): number {
  const said = heardWords(reference);
  return editDistance(said, heardWords(transcript)) / said.length;
}
