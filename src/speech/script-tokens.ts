import type { LanguagesOfText } from './languages-of-text.js';
import { editsOf, spokenText } from './script-fronts.js';
import { languageRuns, type LanguageRun } from './script-runs.js';
import type { Instead, MarkedText } from './script-text.js';
import { type Token, tokensOf, type WordEdit } from './script-words.js';
import type { TextSpan } from './script.js';

/** Which languages a text is spoken in. */
export interface TokenOptions {
  /** The main language. */
  readonly main: string;
  readonly languages: LanguagesOfText;
}

/** Turns parts of one request's text into what is said. */
export class TokenReader {
  readonly #marked: MarkedText;
  readonly #main: string;
  readonly #languages: LanguagesOfText;

  constructor(marked: MarkedText, { main, languages }: TokenOptions) {
    this.#marked = marked;
    this.#main = main;
    this.#languages = languages;
  }

  /** The words of a part and what stands between them. */
  tokens(part: TextSpan): Token[] {
    const { text, instead } = this.#marked;
    const languageAt = (offset: number) => this.#languageOf(instead.get(offset));
    const runs = languageRuns(text, part, {
      languages: this.#languages,
      main: this.#main,
      languageAt,
    });
    return runs.flatMap((run) => tokensOf(text, run, this.#edits(run)));
  }

  #languageOf(instead: Instead | undefined): string | undefined {
    if (instead === undefined || instead.kind === 'phonemes') return undefined;
    if (instead.kind === 'spoken') return instead.language;
    return this.#languages.most(instead.text) ?? this.#main;
  }

  /** What the run's language says otherwise than it is written, and what markup does. */
  #edits(run: LanguageRun): WordEdit[] {
    const { text } = this.#marked;
    const { start, end, language = this.#main } = run;
    const edits: WordEdit[] = editsOf(text.slice(start, end), language).map((edit) => ({
      start: edit.start + start,
      end: edit.end + start,
      spoken: edit.spoken,
    }));
    const inRun = this.#insteadIn(run);
    if (inRun.length === 0) return edits;
    const own = edits.filter((edit) => inRun.every(([at]) => at < edit.start || at >= edit.end));
    const other = inRun.map(([at, what]) => this.#insteadEdit(at, what, language));
    return [...own, ...other].toSorted((a, b) => a.start - b.start);
  }

  #insteadIn({ start, end }: TextSpan): [number, Instead][] {
    const { instead } = this.#marked;
    if (instead.size === 0) return [];
    const places = Array.from({ length: end - start }, (_, index) => start + index);
    return places.flatMap((at): [number, Instead][] => {
      const what = instead.get(at);
      return what === undefined ? [] : [[at, what]];
    });
  }

  #insteadEdit(at: number, instead: Instead, language: string): WordEdit {
    const span = { start: at, end: at + 1 };
    if (instead.kind === 'phonemes') return { ...span, spoken: instead.ipa, kind: 'phonemes' };
    if (instead.kind === 'spoken') return { ...span, spoken: instead.text };
    const said = Array.from(instead.text).filter(
      (letter) => this.#languages.of(letter) !== 'silent',
    );
    return { ...span, spoken: spokenText(said.join(''), language) };
  }
}
