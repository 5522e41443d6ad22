import { type Instead, type MarkedText, STAND_IN, type TextMark } from '../script-text.js';
import type { TextSpan } from '../script.js';

/** A place in a text that is being built, to which it can be taken back. */
export interface BuilderPlace {
  readonly length: number;
  readonly marks: number;
}

type NewMark = TextMark extends infer Mark
  ? Mark extends TextMark
    ? Omit<Mark, 'at'>
    : never
  : never;

/** Builds a text of which each unit knows its place in the request. */
export class MarkedTextBuilder {
  #text = '';
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #marks: TextMark[] = [];
  readonly #instead = new Map<number, Instead>();

  get place(): BuilderPlace {
    return { length: this.#text.length, marks: this.#marks.length };
  }

  /** What was added since a place. */
  since({ length }: BuilderPlace): string {
    return this.#text.slice(length);
  }

  /** Adds text that is written in the request just so. */
  addText(text: string, start: number): void {
    this.#text += text;
    for (let at = start; at < start + text.length; at += 1) {
      this.#starts.push(at);
      this.#ends.push(at + 1);
    }
  }

  /** Adds text that is written in another way. */
  addCharacter(text: string, { start, end }: TextSpan): void {
    this.#text += text;
    for (let unit = 0; unit < text.length; unit += 1) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  addMark(mark: NewMark): void {
    this.#marks.push({ ...mark, at: this.#text.length });
  }

  /**
   * Says something else in the place of all that was added since a place.
   * @param element Where it stands if there was nothing to be seen.
   */
  replace(place: BuilderPlace, element: TextSpan, instead: Instead): void {
    const source = this.#visible(place) ?? element;
    this.takeBack(place);
    this.#instead.set(place.length, instead);
    this.addCharacter(STAND_IN, source);
  }

  /** Forgets what was added since a place. */
  takeBack({ length, marks }: BuilderPlace): void {
    for (let at = length; at < this.#text.length; at += 1) this.#instead.delete(at);
    this.#text = this.#text.slice(0, length);
    this.#starts.length = length;
    this.#ends.length = length;
    this.#marks.length = marks;
  }

  build(): MarkedText {
    const [starts, ends] = [this.#starts, this.#ends];
    const sourceOf = ({ start, end }: TextSpan): TextSpan => {
      const from = starts[start] ?? 0;
      return { start: from, end: end > start ? (ends[end - 1] ?? from) : from };
    };
    return { text: this.#text, marks: this.#marks, instead: this.#instead, sourceOf };
  }

  #visible({ length }: BuilderPlace): TextSpan | undefined {
    const added = this.#text.slice(length);
    const from = added.search(/\S/u);
    if (from < 0) return undefined;
    const start = this.#starts[length + from] ?? 0;
    return { start, end: this.#ends[length + added.trimEnd().length - 1] ?? start };
  }
}
