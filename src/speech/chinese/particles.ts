/** A word with the words beside it, as a segmenter found them; empty where there is none. */
export interface WordInPlace {
  readonly word: string;
  readonly before: string;
  readonly after: string;
}

/** 这块|地|很大 is land, 高兴|地|说 is how. */
const LAND_BEFORE = /[块片亩处这那此各]$/u;
const REDUPLICATED_DI = /(?:(.)\1|不断|不停)地$/u;
/** Words in which 得 is read dé: to get. */
const WITH_GETTING = /^[获取所应赢夺博求心难值懂晓舍不未贪巧]得/u;
const GETS = /^[了过到奖罪出分第一二三]/u;
/** Before these, 得 after a person or an adverb is děi: must. */
const MUST_BEFORE = /(?:[我你他她它您们谁就都也还总只又必]|大家|必须|可能)$/u;
const HAN_AT_START = /^\p{Script=Han}/u;

/**
 * Reading of 地 and 得, which the dictionary knows as nouns and verbs, where they are particles or
 * an auxiliary; undefined if the dictionary's stands.
 */
export function particleReading(character: string, place: WordInPlace): string | undefined {
  if (!HAN_AT_START.test(place.after) && place.word.length === 1) return undefined;
  if (character === '地') return isAdverbial(place) ? 'de0' : undefined;
  if (character === '得') return readingOfDe(place);
  return undefined;
}

function isAdverbial({ word, before }: WordInPlace): boolean {
  if (word !== '地') return REDUPLICATED_DI.test(word);
  return before.length >= 2 && HAN_AT_START.test(before) && !LAND_BEFORE.test(before);
}

function readingOfDe({ word, before, after }: WordInPlace): string | undefined {
  if (word.length === 2 && word.endsWith('得')) return WITH_GETTING.test(word) ? undefined : 'de0';
  if (word !== '得' || GETS.test(after) || before.endsWith('不')) return undefined;
  if (!HAN_AT_START.test(before)) return undefined;
  return MUST_BEFORE.test(before) ? 'dei3' : 'de0';
}
