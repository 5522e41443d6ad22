import type { TextEdit } from './script.js';

const WORD = /[\p{L}\p{N}]/u;

/** What an edit says that only parts the words beside it; {@link settleEdits} drops it elsewhere. */
export const GAP = ' ';

/** The text as it is said: each edit in place of what it stands for. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let said = '';
  let position = 0;
  for (const { start, end, spoken } of edits) {
    said += text.slice(position, start) + spoken;
    position = end;
  }
  return said + text.slice(position);
}

/**
 * Fits edits into the text beside them: a space parts words that would run together (`A+B` → "A plus
 * B"), and a {@link GAP} is silent beside white space or a mark, one white space of two included.
 */
export function settleEdits(text: string, edits: readonly TextEdit[]): TextEdit[] {
  const settled: TextEdit[] = [];
  let said = '';
  let position = 0;
  for (const [index, edit] of edits.entries()) {
    if (edit.start > position) said = characterBefore(text, edit.start);
    const isLast = edits[index + 1]?.start !== edit.end;
    const right = isLast ? characterAt(text, edit.end) : undefined;
    const fitted =
      edit.spoken === GAP ? fitGap(edit, position, said, right) : pad(edit, said, right);
    settled.push(fitted);
    said = fitted.spoken.at(-1) ?? said;
    position = fitted.end;
  }
  return settled;
}

/** Undefined `right`: another edit follows at once and parts itself. */
function pad(edit: TextEdit, left: string, right: string | undefined): TextEdit {
  const { spoken } = edit;
  if (spoken === '') return edit;
  const head = WORD.test(left) && WORD.test(spoken[0] ?? '') ? ' ' : '';
  const tail = WORD.test(right ?? '') && WORD.test(spoken.at(-1) ?? '') ? ' ' : '';
  return { ...edit, spoken: `${head}${spoken}${tail}` };
}

function fitGap(edit: TextEdit, free: number, left: string, right: string | undefined): TextEdit {
  if (right === undefined || (WORD.test(left) && WORD.test(right))) return edit;
  const isSpaceBefore = /\s/.test(left) && edit.start > free;
  const endsThere = /^[\s.,!?;:)\]]?$/.test(right);
  if (isSpaceBefore && endsThere) return { ...edit, start: edit.start - 1, spoken: '' };
  if (left === '' && /\s/.test(right)) return { ...edit, end: edit.end + 1, spoken: '' };
  return { ...edit, spoken: '' };
}

/** By code points: a letter may be a surrogate pair. */
function characterBefore(text: string, at: number): string {
  return /[^]$/u.exec(text.slice(Math.max(0, at - 2), at))?.[0] ?? '';
}

function characterAt(text: string, at: number): string {
  const codePoint = text.codePointAt(at);
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
}
