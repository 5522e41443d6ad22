/**
 * Which phonemes of a clause say which of its words, by the phonemes that each word has alone.
 *
 * espeak runs some words together ("of the" is one) and takes others apart ("e.g." is two), and a
 * word in a sentence differs from the same word alone in its weak vowels. So both strings, with
 * their word borders, are aligned by edit distance (Needleman and Wunsch, 1970); borders count as
 * symbols that match nothing but borders.
 */

/** Between two words; no phoneme is the empty string. */
export const BORDER = '';

/** Costs of a step. Vowels come and go and turn into each other; consonants mostly stay. */
const VOWEL_MISSING = 0.7;
const CONSONANT_MISSING = 1;
const BORDER_MISSING = 0.6;
const OTHER_VOWEL = 0.4;
const OTHER_CONSONANT = 0.9;
const SAME_BEGINNING = 0.1;
const OTHER_KIND = 2;
const NEVER = 1e6;
/** Cells of the table, which take some milliseconds: two clauses of 600 phonemes. */
const MOST_CELLS = 400_000;

const STRESS = /[ˈˌ]/gu;
const VOWEL = /^[aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻ]/iu;

/** The last step of a way through the table. */
const BOTH = 0;
const HEARD_ONLY = 1;
const EXPECTED_ONLY = 2;

/** A phoneme or a border. */
interface PhonemeSymbol {
  readonly written: string;
  readonly isVowel: boolean;
  readonly missing: number;
}

/**
 * For each symbol heard, the place of the expected one that it stands for, or of the last one
 * before it; never less than for the symbol before.
 * @param heard Phonemes and borders; stress does not matter.
 * @param expected The same, of the words alone.
 * @returns undefined if the strings are too long for it.
 */
export function placesHeard(
  heard: readonly string[],
  expected: readonly string[],
): number[] | undefined {
  if ((heard.length + 1) * (expected.length + 1) > MOST_CELLS) return undefined;
  const steps = stepTable(heard.map(symbolOf), expected.map(symbolOf));
  const places = Array.from<number>({ length: heard.length });
  let [row, column] = [heard.length, expected.length];
  while (row > 0) {
    const step = steps[row]?.[column];
    if (step !== EXPECTED_ONLY) places[row - 1] = Math.max(0, column - 1);
    if (step !== EXPECTED_ONLY) row -= 1;
    if (step !== HEARD_ONLY) column -= 1;
  }
  return places;
}

function symbolOf(written: string): PhonemeSymbol {
  if (written === BORDER) return { written: BORDER, isVowel: false, missing: BORDER_MISSING };
  const symbol = written.replace(STRESS, '');
  const isVowel = VOWEL.test(symbol);
  return { written: symbol, isVowel, missing: isVowel ? VOWEL_MISSING : CONSONANT_MISSING };
}

/** The last step of the cheapest way to each pair of beginnings. */
function stepTable(
  heard: readonly PhonemeSymbol[],
  expected: readonly PhonemeSymbol[],
): Uint8Array[] {
  let costs = [0];
  for (const [index, { missing }] of expected.entries()) costs.push((costs[index] ?? 0) + missing);
  const table = [new Uint8Array(costs.length).fill(EXPECTED_ONLY)];
  for (const one of heard) {
    const steps = new Uint8Array(costs.length);
    costs = nextRow(one, expected, { above: costs, steps });
    table.push(steps);
  }
  return table;
}

interface Row {
  readonly above: readonly number[];
  /** Filled. */
  readonly steps: Uint8Array;
}

function nextRow(
  heard: PhonemeSymbol,
  expected: readonly PhonemeSymbol[],
  { above, steps }: Row,
): number[] {
  let before = (above[0] ?? 0) + heard.missing;
  const costs = [before];
  steps[0] = HEARD_ONLY;
  for (let column = 1; column < above.length; column += 1) {
    const other = expected[column - 1];
    if (!other) break;
    const both = (above[column - 1] ?? 0) + difference(heard, other);
    const heardOnly = (above[column] ?? 0) + heard.missing;
    const expectedOnly = before + other.missing;
    before = Math.min(both, heardOnly, expectedOnly);
    if (both === before) steps[column] = BOTH;
    else steps[column] = heardOnly === before ? HEARD_ONLY : EXPECTED_ONLY;
    costs.push(before);
  }
  return costs;
}

function difference(one: PhonemeSymbol, other: PhonemeSymbol): number {
  if (one.written === other.written) return 0;
  if (one.written === BORDER || other.written === BORDER) return NEVER;
  if (one.written[0] === other.written[0]) return SAME_BEGINNING;
  if (one.isVowel !== other.isVowel) return OTHER_KIND;
  return one.isVowel ? OTHER_VOWEL : OTHER_CONSONANT;
}
