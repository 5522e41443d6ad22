/** What a token is within a number. */
export type NumberPart =
  | { readonly kind: 'unit' | 'teen' | 'ten' | 'figures'; readonly value: number }
  | { readonly kind: 'hundred' }
  | { readonly kind: 'scale'; readonly value: number };

/** A part of a number; an ordinal (`third`, `3rd`) ends it. */
export interface NumberToken {
  readonly part: NumberPart;
  readonly ordinal: boolean;
}

const UNITS = 'zero one two three four five six seven eight nine'.split(' ');
const TEENS =
  'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES: Readonly<Record<string, number>> = {
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
};
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  first: 'one',
  second: 'two',
  third: 'three',
  fifth: 'five',
  eighth: 'eight',
  ninth: 'nine',
  twelfth: 'twelve',
};

const CARDINALS: ReadonlyMap<string, NumberPart> = new Map<string, NumberPart>([
  ...UNITS.map((word, value) => [word, { kind: 'unit', value }] as const),
  ...TEENS.map((word, at) => [word, { kind: 'teen', value: 10 + at }] as const),
  ...TENS.map((word, at) => [word, { kind: 'ten', value: 20 + 10 * at }] as const),
  ['hundred', { kind: 'hundred' }],
  ...Object.entries(SCALES).map(([word, value]) => [word, { kind: 'scale', value }] as const),
]);

function cardinalOfOrdinal(word: string): string | undefined {
  const irregular = IRREGULAR_ORDINALS[word];
  if (irregular !== undefined) return irregular;
  if (word.endsWith('tieth')) return `${word.slice(0, -4)}y`;
  return word.endsWith('th') ? word.slice(0, -2) : undefined;
}

/** Reads a token as a part of a number: figures, a number word or an ordinal. */
export function numberToken(token: string): NumberToken | undefined {
  const figures = /^(\d+(?:\.\d+)?)(st|nd|rd|th)?$/.exec(token);
  if (figures) {
    const value = Number(figures[1]);
    return { part: { kind: 'figures', value }, ordinal: figures[2] !== undefined };
  }
  const cardinal = CARDINALS.get(token);
  if (cardinal) return { part: cardinal, ordinal: false };
  const part = CARDINALS.get(cardinalOfOrdinal(token) ?? '');
  return part && { part, ordinal: true };
}

/** Gives the ten whose plural a token is (`eighties` → `eighty`). */
export function pluralTen(token: string): string | undefined {
  const ten = token.endsWith('ties') ? `${token.slice(0, -3)}y` : undefined;
  return ten !== undefined && TENS.includes(ten) ? ten : undefined;
}
