import { cutWords } from './cut-words.js';
import { letterSyllables } from './letters.js';
import { particleReading } from './particles.js';
import { readCharacters } from './pinyin.js';
import { syllablePhonemes } from './syllables.js';
import { type ReadCharacter, withSandhi } from './tone-sandhi.js';

/** A word of a Chinese text and what Kokoro reads for it. */
export interface ChineseWord {
  /** With the marks around it: Kokoro's punctuation, which sets the pauses. */
  readonly phonemes: string;
  /** Place of the word itself in the text, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

/** Marks that close the word before them, and what Kokoro has for them. */
const CLOSING: Readonly<Record<string, string>> = {
  '，': ',',
  ',': ',',
  '、': ',',
  '。': '.',
  '．': '.',
  '.': '.',
  '！': '!',
  '!': '!',
  '？': '?',
  '?': '?',
  '：': ':',
  ':': ':',
  '；': ';',
  ';': ';',
  '…': '…',
  '—': '—',
  '–': '—',
  '”': '”',
  '》': '”',
  '〉': '”',
  '」': '”',
  '』': '”',
  '】': '”',
  '»': '”',
  '）': ')',
  ')': ')',
};
/** Marks that open the word after them. */
const OPENING: Readonly<Record<string, string>> = {
  '“': '“',
  '《': '“',
  '〈': '“',
  '「': '“',
  '『': '“',
  '【': '“',
  '«': '“',
  '（': '(',
  '(': '(',
};
/** The reference's dictionary keeps particles apart; these words only look as if they had one. */
const PARTICLE_AT_END = /^(?!目的|似的|为了|除了|罢了|极了).+[的了]$/u;
const HAN = /\p{Script=Han}/u;

/**
 * Cuts a Chinese text into words and says what Kokoro v1.0 reads for each. Joined by spaces they
 * are the model's input. Numbers and signs must have been written out, and Latin words are better
 * left to their own language: here they are spelled. What else is no mark is left out.
 * Reference: `ZHG2P` of misaki, version 1.0.
 */
export function chineseWords(text: string): ChineseWord[] {
  const found: ChineseWord[] = [];
  let opening = '';
  for (const piece of pieces(text)) {
    if (piece.phonemes !== '') {
      found.push({ ...piece, phonemes: opening + piece.phonemes });
      opening = '';
      continue;
    }
    const mark = text.slice(piece.from, piece.to);
    opening += OPENING[mark] ?? '';
    closeLast(found, CLOSING[mark] ?? '');
  }
  return found;
}

/** A mark that is written twice (…… and ——) or thrice is one mark. */
function closeLast(found: ChineseWord[], mark: string): void {
  const last = found.at(-1);
  if (last === undefined || mark === '' || last.phonemes.endsWith(mark)) return;
  found[found.length - 1] = { ...last, phonemes: last.phonemes + mark };
}

/** Words with their phonemes, and every other character by itself, without. */
function pieces(text: string): ChineseWord[] {
  const read = readText(text);
  const syllables = withSandhi(read);
  const all: ChineseWord[] = [];
  let joins = false;
  let from = 0;
  read.forEach(({ character, closes }, index) => {
    const to = from + character.length;
    const said = letterSyllables(character) ?? [syllables[index] ?? ''];
    const phonemes = said.map((syllable) => syllablePhonemes(syllable) ?? '').join('');
    const word = all.at(-1);
    if (joins && word !== undefined && word.phonemes !== '' && phonemes !== '') {
      all[all.length - 1] = { ...word, phonemes: word.phonemes + phonemes, to };
    } else {
      all.push({ phonemes, from, to });
    }
    joins = !closes;
    from = to;
  });
  return all;
}

interface TextCharacter extends ReadCharacter {
  readonly closes: boolean;
}

function readText(text: string): TextCharacter[] {
  const readings = readCharacters(text);
  const found = cutWords(text);
  let index = 0;
  return found.flatMap((word, at) => {
    const place = { word, before: found[at - 1] ?? '', after: found[at + 1] ?? '' };
    const characters = Array.from(word);
    // Counted from the end, in code points.
    return characters.map((character, inside) => {
      const left = characters.length - 1 - inside;
      const reading = particleReading(character, place) ?? readings[index];
      index += 1;
      const closes = left === 0 || (left === 1 && PARTICLE_AT_END.test(word));
      return {
        character,
        syllable: HAN.test(character) ? reading : undefined,
        closes,
        closesWord: closes && inside > 0,
      };
    });
  });
}
