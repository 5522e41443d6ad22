import type { Phonemizer } from '../../speech/phonemizer.js';
import { VOCABULARY } from './vocabulary.js';

/**
 * Marks that stay in Kokoro's input as they stand in the text, with the white space around them.
 * Between digits they belong to the number, and espeak says them.
 */
const MARKS = /(\s*(?<!\d(?=[.,:]\d))[;:,.!?¡¿—…"«»“”(){}[\]]+\s*)/u;

/**
 * Phonemes of a sentence with its punctuation, as Kokoro was trained: espeak's IPA of the words
 * between the marks, the marks themselves, and nothing outside the vocabulary.
 * Reference: `Tokenizer.phonemize` of kokoro-onnx, which also splits inside numbers.
 */
export async function kokoroPhonemes(
  sentence: string,
  voice: string,
  phonemizer: Phonemizer,
): Promise<string> {
  const parts = sentence.trim().split(MARKS);
  const spoken = await Promise.all(
    parts.map(async (part, index) => (index % 2 === 1 ? part : words(part, voice, phonemizer))),
  );
  const known = [...spoken.join('')].filter((symbol) => VOCABULARY.has(symbol)).join('');
  return known.replace(/\s+/g, ' ').trim();
}

async function words(text: string, voice: string, phonemizer: Phonemizer): Promise<string> {
  if (text.trim() === '') return '';
  const clauses = await phonemizer.phonemize(text, voice);
  return clauses.map((clause) => clause.phonemes).join(' ');
}

/** Token ids of phonemes; every symbol must be in the vocabulary. */
export function tokenIds(phonemes: string): number[] {
  return [...phonemes].flatMap((symbol) => VOCABULARY.get(symbol) ?? []);
}
