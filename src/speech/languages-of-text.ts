import { ChorusError } from '../protocol/errors.js';
import { languageName } from './languages.js';
import type { ScriptOptions } from './script.js';

/** Scripts and the languages that are written in them; every other language here is written in Latin. */
const SCRIPTS = {
  han: { letters: /\p{Script=Han}|\p{Script=Bopomofo}/u, languages: ['zh', 'yue', 'ja'] },
  kana: { letters: /\p{Script=Hiragana}|\p{Script=Katakana}|[ーｰ]/u, languages: ['ja'] },
  hangul: { letters: /\p{Script=Hangul}/u, languages: ['ko'] },
  cyrillic: {
    letters: /\p{Script=Cyrillic}/u,
    languages: ['ru', 'uk', 'be', 'bg', 'sr', 'mk', 'kk', 'ky', 'tg', 'tt', 'ba', 'mn'],
  },
  greek: { letters: /\p{Script=Greek}/u, languages: ['el'] },
  arabic: { letters: /\p{Script=Arabic}/u, languages: ['ar', 'fa', 'ur', 'ps', 'sd', 'ku', 'ug'] },
  hebrew: { letters: /\p{Script=Hebrew}/u, languages: ['he', 'yi'] },
  devanagari: { letters: /\p{Script=Devanagari}/u, languages: ['hi', 'mr', 'ne', 'sa', 'kok'] },
  bengali: { letters: /\p{Script=Bengali}/u, languages: ['bn', 'as'] },
  gurmukhi: { letters: /\p{Script=Gurmukhi}/u, languages: ['pa'] },
  gujarati: { letters: /\p{Script=Gujarati}/u, languages: ['gu'] },
  tamil: { letters: /\p{Script=Tamil}/u, languages: ['ta'] },
  telugu: { letters: /\p{Script=Telugu}/u, languages: ['te'] },
  kannada: { letters: /\p{Script=Kannada}/u, languages: ['kn'] },
  malayalam: { letters: /\p{Script=Malayalam}/u, languages: ['ml'] },
  sinhala: { letters: /\p{Script=Sinhala}/u, languages: ['si'] },
  thai: { letters: /\p{Script=Thai}/u, languages: ['th'] },
  lao: { letters: /\p{Script=Lao}/u, languages: ['lo'] },
  khmer: { letters: /\p{Script=Khmer}/u, languages: ['km'] },
  myanmar: { letters: /\p{Script=Myanmar}/u, languages: ['my'] },
  georgian: { letters: /\p{Script=Georgian}/u, languages: ['ka'] },
  armenian: { letters: /\p{Script=Armenian}/u, languages: ['hy'] },
  ethiopic: { letters: /\p{Script=Ethiopic}/u, languages: ['am'] },
} as const satisfies Record<string, { letters: RegExp; languages: readonly string[] }>;

const NOT_LATIN = new Set<string>(Object.values(SCRIPTS).flatMap(({ languages }) => languages));
/** A Serbian or Kazakh voice, say, reads Latin letters as its own too, so they never ask for another. */
const LATIN = /\p{Script=Latin}/u;
const LETTER = /\p{L}/u;
/** Below this share of kana among Han and kana, a text is Chinese with a sign or two in it. */
const JAPANESE_FROM = 0.2;

/** A primary language; `neutral` of what is no letter, `silent` of letters that are not spoken. */
export type CharacterLanguage = string;

/** Says for one request which language each letter is spoken in. */
export class LanguagesOfText {
  readonly #options: ScriptOptions;
  readonly #known = new Map<string, CharacterLanguage>();

  constructor(options: ScriptOptions) {
    this.#options = options;
  }

  /** The language that most letters of a text are spoken in; undefined if it has none. */
  most(text: string): string | undefined {
    const counts = new Map<string, number>();
    for (const character of text) {
      const language = this.of(character);
      if (language === 'neutral' || language === 'silent') continue;
      counts.set(language, (counts.get(language) ?? 0) + 1);
    }
    return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
  }

  /** The language that a character is spoken in. */
  of(character: string): CharacterLanguage {
    const known = this.#known.get(character);
    if (known !== undefined) return known;
    const language = languageOf(character, this.#options);
    this.#known.set(character, language);
    return language;
  }
}

function languageOf(character: string, options: ScriptOptions): CharacterLanguage {
  if (!LETTER.test(character)) return 'neutral';
  const { language } = options;
  const script = scriptOf(character);
  if (script === undefined) {
    const isLatin = LATIN.test(character);
    return isLatin && NOT_LATIN.has(language) ? latinLanguage(options) : language;
  }
  const own = ownLanguage(script, options);
  if (own !== undefined) return own;
  // espeak has no words for these, it would name each character; of the others it reads some.
  if (script === 'han' || script === 'kana') return 'silent';
  return language === 'zh' ? latinLanguage(options) : language;
}

/** Which of the voice's languages is written in a script; the main one before others. */
function ownLanguage(script: keyof typeof SCRIPTS, options: ScriptOptions): string | undefined {
  const { languages }: { languages: readonly string[] } = SCRIPTS[script];
  return [options.language, ...options.speaks].find((language) => languages.includes(language));
}

/** English among Chinese or Hindi, if the voice has it; else what the voice has. */
function latinLanguage({ language, speaks }: ScriptOptions): string {
  if (speaks.includes('en')) return 'en';
  return speaks.find((other) => !NOT_LATIN.has(other)) ?? language;
}

function scriptOf(character: string): keyof typeof SCRIPTS | undefined {
  // Latin first: most letters are.
  if (LATIN.test(character)) return undefined;
  const scripts = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  return scripts.find((script) => SCRIPTS[script].letters.test(character));
}

/**
 * Makes sure that a voice can speak most of a text.
 * @throws ChorusError `unsupported_language` if most of its letters are of scripts that the voice's
 * languages are not written in.
 */
export function requireSpeakable(text: string, options: ScriptOptions): void {
  const counts = countLetters(text);
  let letters = 0;
  let foreign = isJapanese(counts) && !options.speaks.includes('ja') ? (counts.get('han') ?? 0) : 0;
  for (const [script, count] of counts) {
    letters += count;
    if (script === undefined || (script === 'han' && foreign > 0)) continue;
    if (ownLanguage(script, options) === undefined) foreign += count;
  }
  if (foreign * 2 <= letters) return;
  throw unsupported(foreignLanguage(counts, options), options);
}

type Counts = ReadonlyMap<keyof typeof SCRIPTS | undefined, number>;

/** Letters per script; undefined stands for Latin and what no list here has. */
function countLetters(text: string): Counts {
  const perCharacter = new Map<string, number>();
  for (const character of text) {
    perCharacter.set(character, (perCharacter.get(character) ?? 0) + 1);
  }
  const counts = new Map<keyof typeof SCRIPTS | undefined, number>();
  for (const [character, count] of perCharacter) {
    if (!LETTER.test(character)) continue;
    const script = scriptOf(character);
    counts.set(script, (counts.get(script) ?? 0) + count);
  }
  return counts;
}

/** The language that most of the foreign letters are of. */
function foreignLanguage(counts: Counts, options: ScriptOptions): string {
  if (isJapanese(counts)) return 'ja';
  let most: { script: keyof typeof SCRIPTS; count: number } | undefined;
  for (const [script, count] of counts) {
    if (script === undefined || ownLanguage(script, options) !== undefined) continue;
    if (most === undefined || count > most.count) most = { script, count };
  }
  return SCRIPTS[most?.script ?? 'han'].languages[0];
}

function isJapanese(counts: Counts): boolean {
  const kana = counts.get('kana') ?? 0;
  return kana > 0 && kana >= JAPANESE_FROM * (kana + (counts.get('han') ?? 0));
}

function unsupported(language: string, { speaks }: ScriptOptions): ChorusError {
  const name = (code: string) =>
    languageName(code).replace(/^\p{L}/u, (letter) => letter.toUpperCase());
  const example = language === 'zh' ? ', for example zf_xiaobei of kokoro-82m' : '';
  const message =
    `Most of the input is written in ${name(language)} letters, and the voice speaks ` +
    `${speaks.map(name).join(', ')} only: choose a voice for ${name(language)}${example}.`;
  return new ChorusError('unsupported_language', message, { param: 'input', language });
}
