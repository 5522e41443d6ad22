import type { LanguagesOfText } from './languages-of-text.js';
import type { TextSpan } from './script.js';

/** A part of a text in one language; undefined = its letters are not spoken. */
export interface LanguageRun extends TextSpan {
  readonly language: string | undefined;
}

/** How runs are found. */
export interface RunOptions {
  readonly languages: LanguagesOfText;
  /** The main language: of texts without letters, and of numbers that stand between two languages. */
  readonly main: string;
  /** Language of a character that stands for something else; undefined if it has none. */
  readonly languageAt?: (offset: number) => string | undefined;
}

/** Units that Chinese reads in its own words after a number; other Latin letters are English. */
const CHINESE_UNITS =
  /^(?:[kcmnμµ]?m|[kmμµ]?g|t|m?[lL]|[kM]?W|[kM]?Wh|[km]?V|m?A|mAh|[kMG]?Hz|[kMGT]B|min|ms|s|h|kcal|dB|lb|oz|ft|mph|[CF])$/u;
const LONGEST_UNIT = 4;
const MARK = /^\p{M}$/u;
const NUMBER_AT_END = /\d ?°?$/u;
/** What a number or a sign is not glued to its neighbour across. */
const BREAKER = String.raw`[\s,;:!?()"“”「」『』《》【】\[\]，。、；：！？…（）]`;
const GLUED_LEFT = new RegExp(`^(?:(?!${BREAKER}).)*`, 'su');
const GLUED_RIGHT = new RegExp(`(?:(?!${BREAKER}).)*$`, 'su');
const OPENING_AT_END = /[\s([（“「『《【‘]+$/u;
/** Languages that put no space between words: what is glued there belongs to the other side. */
const NO_SPACES = new Set(['zh', 'ja', 'yue']);

/**
 * Cuts a text into runs by the languages of its letters. Digits, signs and punctuation go with what
 * they are written together with (`GPT4模型`: English; `第4个`: Chinese); a number that stands free
 * between two languages is the main language's; closing punctuation belongs to what is before it.
 */
export function languageRuns(text: string, span: TextSpan, options: RunOptions): LanguageRun[] {
  const segments = letterSegments(text, span, options);
  const runs: LanguageRun[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment.language !== 'neutral') {
      add(runs, { ...segment, language: spokenLanguage(segment.language) });
      continue;
    }
    const left = spokenLanguage(segments[index - 1]?.language);
    const right = spokenLanguage(segments[index + 1]?.language);
    for (const part of shareOut(text, segment, { left, right, main: options.main })) {
      add(runs, part);
    }
  }
  return runs;
}

function spokenLanguage(language: string | undefined): string | undefined {
  return language === 'silent' ? undefined : language;
}

function add(runs: LanguageRun[], run: LanguageRun): void {
  if (run.end === run.start) return;
  const last = runs.at(-1);
  if (last === undefined || last.language !== run.language) runs.push(run);
  else runs[runs.length - 1] = { ...last, end: run.end };
}

interface Segment extends TextSpan {
  readonly language: string;
}

/** Letters of one language, or what lies between letters. */
function letterSegments(text: string, span: TextSpan, options: RunOptions): Segment[] {
  const segments: Segment[] = [];
  let start = span.start;
  let at = span.start;
  let last: string | undefined;
  for (const character of text.slice(span.start, span.end)) {
    const own = options.languageAt?.(at) ?? options.languages.of(character);
    // A mark belongs to its letter.
    const language = own === 'neutral' && MARK.test(character) ? (last ?? own) : own;
    if (last !== undefined && language !== last) {
      segments.push({ language: last, start, end: at });
      start = at;
    }
    last = language;
    at += character.length;
  }
  if (last !== undefined) segments.push({ language: last, start, end: at });
  const isUnit = (index: number) => isChineseUnit({ text, segments, main: options.main }, index);
  return mergeNeutral(
    segments.map((segment, index) =>
      isUnit(index) ? { ...segment, language: 'neutral' } : segment,
    ),
  );
}

interface Segments {
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly main: string;
}

/** `5kg` among Chinese, or anywhere in a Chinese text, is no English. */
function isChineseUnit(all: Segments, index: number, hasSecondHalf = false): boolean {
  const { text, segments, main } = all;
  const [before, number, unit, after] = [-2, -1, 0, 1].map((offset) => segments[index + offset]);
  if (unit?.language !== 'en' || number?.language !== 'neutral') return false;
  const length = unit.end - unit.start;
  if (length > LONGEST_UNIT || !CHINESE_UNITS.test(text.slice(unit.start, unit.end))) return false;
  const between = text.slice(number.start, number.end);
  // The second half of `km/h`; it has no third, or each of many would be looked up from the first.
  if (between === '/') return !hasSecondHalf && isChineseUnit(all, index - 2, true);
  const neighbour = before?.language ?? segments[index + 2]?.language ?? main;
  return NUMBER_AT_END.test(between.slice(-4)) && neighbour === 'zh' && after?.language !== 'en';
}

function mergeNeutral(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    if (last?.language === segment.language)
      merged[merged.length - 1] = { ...last, end: segment.end };
    else merged.push(segment);
  }
  return merged;
}

interface Neighbours {
  readonly left: string | undefined;
  readonly right: string | undefined;
  readonly main: string;
}

/** Gives what lies between letters to the languages on both sides. */
function shareOut(text: string, { start, end }: TextSpan, sides: Neighbours): LanguageRun[] {
  const { left, right, main } = sides;
  if (left === undefined || right === undefined || left === right) {
    return [{ start, end, language: left ?? right ?? main }];
  }
  const border = start + borderIn(text.slice(start, end), { left, right, main });
  return [
    { start, end: border, language: left },
    { start: border, end, language: right },
  ];
}

/** Where in the text between two languages the right one begins. */
function borderIn(
  between: string,
  { left, right, main }: Neighbours & { left: string; right: string },
) {
  const gluedLeft = GLUED_LEFT.exec(between)?.[0].length ?? 0;
  if (gluedLeft === between.length) {
    const isRightOwn = /\d/.test(between) && NO_SPACES.has(left) && !NO_SPACES.has(right);
    return isRightOwn ? 0 : between.length;
  }
  const gluedRight = between.length - lengthAtEnd(GLUED_RIGHT, between);
  const rightFrom = /\d/.test(between.slice(gluedRight)) ? gluedRight : between.length;
  const free = between.slice(gluedLeft, rightFrom);
  const number = free.search(/[\p{Sc}+-]?\d/u);
  if (number >= 0 && main === right) return gluedLeft + number;
  return rightFrom - lengthAtEnd(OPENING_AT_END, between.slice(0, rightFrom));
}

/** Only the end is looked at: a search from each place would take the length squared. */
function lengthAtEnd(pattern: RegExp, between: string): number {
  return pattern.exec(between.slice(-64))?.[0].length ?? 0;
}
