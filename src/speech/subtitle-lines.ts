import { MAX_COLUMNS } from './subtitle-rules.js';
import type { PlacedAtom } from './subtitle-section.js';

/** Columns by which lines may differ for the sake of a break at the end of a clause or a sentence. */
const WORTH: Readonly<Record<PlacedAtom['breakAfter'], number>> = {
  none: 0,
  clause: 10,
  sentence: 14,
};
/** Of lines that differ the same, the shorter one comes first: it hides less of the picture. */
const TOP_HEAVY = 3;

/** Width of atoms written in one line. */
export function lineColumns(atoms: readonly PlacedAtom[]): number {
  let columns = 0;
  for (const [index, atom] of atoms.entries()) {
    columns += atom.columns + (index > 0 && atom.isSpaced ? 1 : 0);
  }
  return columns;
}

/** Writes atoms in one line or, if they are too wide for it, in two that are balanced. */
export function writeLines(atoms: readonly PlacedAtom[]): string {
  const total = lineColumns(atoms);
  if (total <= MAX_COLUMNS) return writeLine(atoms);
  let best = { at: atoms.length, cost: Infinity };
  let top = 0;
  for (const [index, atom] of atoms.slice(0, -1).entries()) {
    top += atom.columns + (index > 0 && atom.isSpaced ? 1 : 0);
    const bottom = total - top - (atoms[index + 1]?.isSpaced ? 1 : 0);
    const cost = costOf(top, bottom) - WORTH[atom.breakAfter];
    if (cost < best.cost) best = { at: index + 1, cost };
  }
  return `${writeLine(atoms.slice(0, best.at))}\n${writeLine(atoms.slice(best.at))}`;
}

function costOf(top: number, bottom: number): number {
  if (Math.max(top, bottom) > MAX_COLUMNS) return Infinity;
  return Math.abs(top - bottom) + (top > bottom ? TOP_HEAVY : 0);
}

function writeLine(atoms: readonly PlacedAtom[]): string {
  return atoms
    .map(({ text, isSpaced }, index) => (index > 0 && isSpaced ? ` ${text}` : text))
    .join('');
}
