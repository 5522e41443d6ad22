import type { Atom } from './subtitle-atoms.js';
import { type Break, breakAfter } from './subtitle-breaks.js';

/** No cue goes on over such a pause. */
const LONG_PAUSE_MS = 1_500;
/** A section ends with the first sentence after so many atoms, and is never longer than the other. */
const SOME_ATOMS = 64;
const MAX_ATOMS = 256;

/** An atom and what follows it. */
export interface PlacedAtom extends Atom {
  readonly breakAfter: Break;
  /** Silence until the next one begins. */
  readonly pauseAfterMs: number;
}

/** A stretch of a transcript that is cut into cues by itself: the work on each is bounded. */
export type Section = readonly PlacedAtom[];

/** Parts atoms into sections at long pauses, or at the end of sentences. */
export function* sectionsOf(atoms: Iterable<Atom>): Generator<Section> {
  let section: PlacedAtom[] = [];
  for (const atom of placed(atoms)) {
    section.push(atom);
    if (!endsSection(atom, section.length)) continue;
    yield section;
    section = [];
  }
  if (section.length > 0) yield section;
}

function endsSection({ pauseAfterMs, breakAfter }: PlacedAtom, atoms: number): boolean {
  if (pauseAfterMs >= LONG_PAUSE_MS || atoms >= MAX_ATOMS) return true;
  return atoms >= SOME_ATOMS && breakAfter === 'sentence';
}

function* placed(atoms: Iterable<Atom>): Generator<PlacedAtom> {
  let last: Atom | undefined;
  for (const atom of atoms) {
    if (last !== undefined) yield withNext(last, atom);
    last = atom;
  }
  if (last !== undefined) yield withNext(last, undefined);
}

function withNext(atom: Atom, next: Atom | undefined): PlacedAtom {
  const pauseAfterMs = next === undefined ? Infinity : Math.max(0, next.startMs - atom.endMs);
  return { ...atom, breakAfter: breakAfter(atom, next), pauseAfterMs };
}
