import { styleText } from 'node:util';
import type { CheckResult, CheckState } from './check.js';

const WORD: Readonly<Record<CheckState, string>> = { ok: 'ok', warning: 'warn', failed: 'FAIL' };
const COLOUR = { ok: 'green', warning: 'yellow', failed: 'red' } as const;
const WORD_COLUMNS = Math.max(...Object.values(WORD).map((word) => word.length));
const GAP = '  ';

function entry(result: CheckResult, titleColumns: number, colour: boolean): string {
  const { state, title, detail, advice } = result;
  const padded = WORD[state].padEnd(WORD_COLUMNS);
  // The caller has asked the stream already.
  const word = colour ? styleText(COLOUR[state], padded, { validateStream: false }) : padded;
  const indent = ' '.repeat(WORD_COLUMNS + GAP.length + titleColumns + GAP.length);
  const lines = [...detail.split('\n'), ...(advice === undefined ? [] : [`→ ${advice}`])];
  return `${word}${GAP}${title.padEnd(titleColumns)}${GAP}${lines.join(`\n${indent}`)}`;
}

function counts(results: readonly CheckResult[]): string {
  const count = (state: CheckState): number =>
    results.filter((result) => result.state === state).length;
  const warnings = count('warning');
  return `${count('ok')} ok, ${warnings} warning${warnings === 1 ? '' : 's'}, ${count('failed')} failed`;
}

/** Draws the results as an aligned list, with the counts on the last line. */
export function drawResults(results: readonly CheckResult[], colour: boolean): string {
  const titleColumns = Math.max(...results.map(({ title }) => title.length));
  const entries = results.map((result) => entry(result, titleColumns, colour));
  return [...entries, '', counts(results)].join('\n');
}
