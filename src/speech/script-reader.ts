import { LanguagesOfText, requireSpeakable } from './languages-of-text.js';
import { sayAs } from './script-fronts.js';
import { cutTokens, runsOf } from './script-pieces.js';
import { type MarkedText, plainText, type TextMark } from './script-text.js';
import { type TokenOptions, TokenReader } from './script-tokens.js';
import type { Token } from './script-words.js';
import type { ScriptOptions, SpokenPiece, TextSpan } from './script.js';
import { sentenceSpans } from './sentences.js';
import { type ReadAs, readSsml } from './ssml/ssml-reader.js';

/** Marks that belong to what is before them, if a piece is cut there. */
const CLOSING = /[.,;:!?…"'”’»)\]}。，、；：！？」』）》】।]{0,8}/uy;

/**
 * Reads a request's text: its sentences, cut where markup pauses or changes the pace and where they
 * are too long, each word in the language it is written in and as it is said.
 * Nothing to say gives an empty list. It is deterministic and takes time in proportion to the text.
 * @throws ChorusError `unsupported_language` if the voice cannot speak most of the text;
 * `invalid_ssml` if its markup is broken.
 */
export function readScript(text: string, options: ScriptOptions): SpokenPiece[] {
  const languages = new LanguagesOfText(options);
  const main = options.language;
  const marked =
    options.markup === 'ssml' ? readSsml(text, readAsIn({ main, languages })) : plainText(text);
  requireSpeakable(marked.text, options);
  const reader = new PieceReader(marked, new TokenReader(marked, { main, languages }));
  for (const sentence of sentencesOf(marked)) reader.read(sentence);
  return reader.end();
}

/** Reads what `say-as` holds in the language of its letters. */
function readAsIn({ main, languages }: TokenOptions): ReadAs {
  return (text, as) => {
    const language = languages.most(text) ?? main;
    const spoken = sayAs(text, language, as);
    return spoken === undefined ? undefined : { text: spoken, language };
  };
}

/** Sentences end where markup says so, and elsewhere where the text does. */
function sentencesOf({ text, marks }: MarkedText): TextSpan[] {
  const ends = marks.filter(({ kind }) => kind === 'sentence end').map(({ at }) => at);
  let from = 0;
  return [...ends, text.length].flatMap((to) => {
    const offset = from;
    from = to;
    return sentenceSpans(text.slice(offset, to)).map(({ start, end }) => {
      return { start: start + offset, end: end + offset };
    });
  });
}

/** A piece that the next break or sentence end may still change. */
type Draft = { -readonly [Key in keyof SpokenPiece]: SpokenPiece[Key] };

/** Reads sentence by sentence and keeps what markup has said so far. */
class PieceReader {
  readonly #marked: MarkedText;
  readonly #tokens: TokenReader;
  readonly #pieces: Draft[] = [];
  #nextMark = 0;
  #rate = 1;
  #sentence = 0;

  constructor(marked: MarkedText, tokens: TokenReader) {
    this.#marked = marked;
    this.#tokens = tokens;
  }

  read({ start, end }: TextSpan): void {
    const before = this.#pieces.length;
    this.#applyMarks(start);
    let from = start;
    for (let cut = this.#nextCut(end); cut < end; cut = this.#nextCut(end)) {
      this.#addPart({ start: from, end: cut });
      this.#applyMarks(cut);
      from = cut;
    }
    this.#addPart({ start: from, end });
    const last = this.#pieces.slice(before).findLast(({ runs }) => runs.length > 0);
    if (last === undefined) return;
    last.endsSentence = true;
    this.#sentence += 1;
  }

  /** All pieces; none if only silence would be left. */
  end(): SpokenPiece[] {
    this.#applyMarks(this.#marked.text.length);
    return this.#pieces.some(({ runs }) => runs.length > 0) ? this.#pieces : [];
  }

  /** Takes the marks up to a place. */
  #applyMarks(at: number): void {
    let mark = this.#mark();
    while (mark !== undefined && this.#placeOf(mark) <= at) {
      this.#nextMark += 1;
      if (mark.kind === 'rate') this.#rate = mark.rate;
      if (mark.kind === 'break') this.#pause(mark);
      mark = this.#mark();
    }
  }

  #mark(): TextMark | undefined {
    return this.#marked.marks[this.#nextMark];
  }

  /** Where the sentence is cut next. A break that asks for no pause cuts nothing. */
  #nextCut(end: number): number {
    let mark = this.#mark();
    while (mark?.kind === 'break' && mark.seconds === 0 && this.#placeOf(mark) < end) {
      this.#nextMark += 1;
      mark = this.#mark();
    }
    return mark === undefined ? end : this.#placeOf(mark);
  }

  /** After the punctuation that closes what is before it. */
  #placeOf(mark: TextMark): number {
    CLOSING.lastIndex = mark.at;
    return mark.at + (CLOSING.exec(this.#marked.text)?.[0].length ?? 0);
  }

  #pause({ seconds, source }: Extract<TextMark, { kind: 'break' }>): void {
    const last = this.#pieces.at(-1);
    if (last === undefined) this.#add({ runs: [], source, pauseSeconds: seconds });
    else last.pauseSeconds = (last.pauseSeconds ?? 0) + seconds;
  }

  #addPart(part: TextSpan): void {
    const { text, sourceOf } = this.#marked;
    for (const tokens of cutTokens(this.#tokens.tokens(part))) {
      const runs = runsOf(tokens, sourceOf);
      if (runs.length === 0) continue;
      this.#add({ runs, source: sourceOf(extent(text, tokens)), pauseSeconds: undefined });
    }
  }

  #add(piece: Pick<SpokenPiece, 'runs' | 'source' | 'pauseSeconds'>): void {
    const { pauseSeconds, ...what } = piece;
    const place = { sentence: this.#sentence, rate: this.#rate };
    this.#pieces.push({ ...what, ...place, pauseSeconds, endsSentence: false });
  }
}

/** From the first to the last of them, without white space. */
function extent(text: string, tokens: readonly Token[]): TextSpan {
  const start = tokens[0]?.start ?? 0;
  const written = text.slice(start, tokens.at(-1)?.end ?? start);
  const from = start + written.length - written.trimStart().length;
  return { start: from, end: from + written.trim().length };
}
