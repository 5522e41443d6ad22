/** How one kind of thing in a text is said. */
export interface Rule {
  /**
   * Sticky, tried where a word, a number or a sign begins. What it can match is bounded, so that
   * reading stays linear; longer things are read in parts.
   */
  readonly pattern: RegExp;
  /** What is said for a match; undefined if the rule does not fit after all. */
  readonly say: (groups: Readonly<Record<string, string | undefined>>) => string | undefined;
}

/** Something of a text that a rule reads. */
export interface Reading {
  /** After its last unit. */
  readonly end: number;
  readonly spoken: string;
}

/** What the first rule that fits makes of the text at `at`; undefined if none fits. */
export function readAt(text: string, at: number, rules: readonly Rule[]): Reading | undefined {
  for (const { pattern, say } of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) continue;
    const spoken = say(match.groups ?? {});
    if (spoken !== undefined) return { end: at + match[0].length, spoken };
  }
  return undefined;
}
