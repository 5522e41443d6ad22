/** A character and how it is read. */
export interface ReadCharacter {
  readonly character: string;
  /** Pinyin with the tone's number; undefined if it is no Chinese character. */
  readonly syllable: string | undefined;
  /** Whether it closes a word of several characters. */
  readonly closesWord: boolean;
}

const NUMERAL = /^[零一二两三四五六七八九十百千万亿]$/u;
const SMALL_NUMERAL = /^[零一二三四五六七八九十]$/u;
/** After these and before those, 一 is a number in an order and keeps its tone. */
const ORDER_BEFORE = /^[第初点]$/u;
const ORDER_AFTER = /^[月号楼班级日]$/u;

/**
 * Tone of 一 and 不 in their place: second before a fourth tone, otherwise 一 is fourth before
 * the rest; neutral between two of the same (看一看, 好不好). Third tones stay as they are: Kokoro
 * was trained on the dictionary's, and learnt the change from the audio.
 */
export function withSandhi(characters: readonly ReadCharacter[]): (string | undefined)[] {
  return characters.map((read, at) => {
    if (read.character === '不') return tone(read.syllable, toneOfBu(characters, at));
    if (read.character === '一') return tone(read.syllable, toneOfYi(characters, at));
    return read.syllable;
  });
}

function toneOfBu(characters: readonly ReadCharacter[], at: number): string {
  if (isBetweenSame(characters, at)) return '5';
  return toneAfter(characters, at) === '4' ? '2' : '4';
}

function toneOfYi(characters: readonly ReadCharacter[], at: number): string {
  const before = characters[at - 1]?.character ?? '';
  const after = characters[at + 1]?.character ?? '';
  if (NUMERAL.test(before) || ORDER_BEFORE.test(before)) return '1';
  if (SMALL_NUMERAL.test(after) || ORDER_AFTER.test(after)) return '1';
  if (after === '点' && NUMERAL.test(characters[at + 2]?.character ?? '')) return '1';
  if (characters[at]?.closesWord === true) return '1';
  if (isBetweenSame(characters, at) && characters[at - 2]?.character !== '一') return '5';
  const next = toneAfter(characters, at);
  if (next === undefined) return '1';
  // 个 is neutral by itself, and fourth where it counts.
  return next === '4' || after === '个' ? '2' : '4';
}

function isBetweenSame(characters: readonly ReadCharacter[], at: number): boolean {
  const before = characters[at - 1];
  return before?.syllable !== undefined && before.character === characters[at + 1]?.character;
}

function toneAfter(characters: readonly ReadCharacter[], at: number): string | undefined {
  return characters[at + 1]?.syllable?.at(-1);
}

function tone(syllable: string | undefined, number: string): string | undefined {
  return syllable?.replace(/[0-5]$/u, number);
}
