import {
  CHAIN_GAP_MS,
  MAX_COLUMNS,
  MAX_CUE_MS,
  MAX_LINES,
  MIN_CUE_MS,
  MIN_GAP_MS,
  READING_COLUMNS_PER_SECOND,
} from './subtitle-rules.js';
import type { PlacedAtom, Section } from './subtitle-section.js';

/*
 * Where a section is cut into cues: of all ways the cheapest, found by dynamic programming as line
 * breaks of a paragraph are (Knuth and Plass, "Breaking paragraphs into lines", 1981). What costs
 * are weighed against each other, not measured: one for each rule that a cue bends.
 */

/** For each cue: fewer are better. */
const PER_CUE = 3;
/** For a cue that ends so; a pause takes some of it away. */
const BREAK_COST: Readonly<Record<PlacedAtom['breakAfter'], number>> = {
  sentence: 0,
  clause: 4,
  none: 12,
};
const SEGMENT_BREAK_COST = 4;
const MS_PER_PAUSE_POINT = 100;
const MAX_PAUSE_POINTS = 6;
/** For a sentence that ends inside of a cue, and more if the next one does not end in it too. */
const INNER_SENTENCE = 2;
const TORN_SENTENCE = 4;
/** For a second that is missing to the shortest time. */
const PER_MISSING_SECOND = 30;
/** For each column a second too fast, in a cue of full length: more cues are not faster to read. */
const PER_FAST_COLUMN = 2;
const MAX_FAST = 30;
/** For a cue of a word or two that does not stand for itself. */
const ORPHAN = 5;
const ORPHAN_COLUMNS = 12;

/** One possible cue. */
interface Candidate {
  readonly section: Section;
  readonly from: number;
  readonly last: PlacedAtom;
  readonly columns: number;
  /** Sentences that end before its last atom, and the pauses within it as points. */
  readonly innerSentences: number;
  readonly pausePoints: number;
}

/** The cheapest way to end a cue before an atom. */
interface Way {
  readonly cost: number;
  /** Where the last cue begins. */
  readonly from: number;
}

/** Cuts a section into runs of atoms that each make a cue. */
export function cutSection(section: Section): Section[] {
  const ways: Way[] = [{ cost: 0, from: 0 }];
  for (const end of section.keys()) ways.push(bestWay(section, end, ways));
  const runs: Section[] = [];
  for (let end = section.length; end > 0;) {
    const from = ways[end]?.from ?? end - 1;
    runs.push(section.slice(from, end));
    end = from;
  }
  return runs.toReversed();
}

/** Tries all beginnings of a cue that ends with the atom `end`, from the nearest on. */
function bestWay(section: Section, end: number, ways: readonly Way[]): Way {
  let best: Way = { cost: Infinity, from: end };
  for (const candidate of candidates(section, end)) {
    const cost = (ways[candidate.from]?.cost ?? Infinity) + costOf(candidate);
    if (cost < best.cost) best = { cost, from: candidate.from };
  }
  return best;
}

function* candidates(section: Section, end: number): Generator<Candidate> {
  const last = section[end];
  if (last === undefined) return;
  let columns = 0;
  let innerSentences = 0;
  let pausePoints = 0;
  for (let from = end; from >= 0; from -= 1) {
    const atom = section[from];
    if (atom === undefined) return;
    columns += atom.columns + (from < end && section[from + 1]?.isSpaced ? 1 : 0);
    if (from < end) {
      if (!maySpan({ atom, last, columns })) return;
      innerSentences += atom.breakAfter === 'sentence' ? 1 : 0;
      pausePoints += pausePointsOf(atom);
    }
    const candidate = { section, from, last, columns, innerSentences, pausePoints };
    if (columns <= MAX_COLUMNS || fitsTwoLines(candidate, end)) yield candidate;
  }
}

function maySpan(span: { atom: PlacedAtom; last: PlacedAtom; columns: number }): boolean {
  if (span.columns > MAX_COLUMNS * MAX_LINES + 1) return false;
  return span.last.endMs - span.atom.startMs <= MAX_CUE_MS;
}

/** Whether what is left fits when the first line is filled as far as it can be. */
function fitsTwoLines({ section, from, columns }: Candidate, end: number): boolean {
  let top = 0;
  for (let at = from; at <= end; at += 1) {
    const atom = section[at];
    if (atom === undefined) return false;
    const space = at > from && atom.isSpaced ? 1 : 0;
    if (top + space + atom.columns > MAX_COLUMNS) return columns - top - space <= MAX_COLUMNS;
    top += space + atom.columns;
  }
  return true;
}

function costOf(candidate: Candidate): number {
  const { last, innerSentences, pausePoints } = candidate;
  const tears = innerSentences > 0 && last.breakAfter !== 'sentence';
  return (
    PER_CUE +
    breakCost(last) +
    readingCost(candidate) +
    innerSentences * INNER_SENTENCE +
    (tears ? TORN_SENTENCE : 0) +
    pausePoints +
    (isOrphan(candidate) ? ORPHAN : 0)
  );
}

function breakCost(last: PlacedAtom): number {
  const cost = BREAK_COST[last.breakAfter];
  const eased = last.endsSegment ? Math.min(cost, SEGMENT_BREAK_COST) : cost;
  return Math.max(0, eased - pausePointsOf(last));
}

function pausePointsOf({ pauseAfterMs }: PlacedAtom): number {
  return Math.min(pauseAfterMs / MS_PER_PAUSE_POINT, MAX_PAUSE_POINTS);
}

/** What it costs that the cue is seen too shortly, however long it may stay. */
function readingCost({ section, from, last, columns }: Candidate): number {
  const startMs = section[from]?.startMs ?? last.startMs;
  const wantedMs = Math.max(MIN_CUE_MS, (columns / READING_COLUMNS_PER_SECOND) * 1000);
  const spokenMs = last.endMs - startMs;
  const roomMs = spokenMs + last.pauseAfterMs - MIN_GAP_MS;
  const seenMs = Math.max(1, Math.min(roomMs, Math.max(spokenMs, wantedMs)));
  const missing = Math.max(0, MIN_CUE_MS - seenMs) / 1000;
  const fast = Math.max(0, (columns * 1000) / seenMs - READING_COLUMNS_PER_SECOND);
  const share = columns / (MAX_COLUMNS * MAX_LINES);
  return missing * PER_MISSING_SECOND + share * Math.min(fast * PER_FAST_COLUMN, MAX_FAST);
}

function isOrphan({ section, from, last, columns }: Candidate): boolean {
  if (columns >= ORPHAN_COLUMNS) return false;
  const before = section[from - 1];
  const isAlone = before === undefined || before.breakAfter === 'sentence';
  return !(isAlone && (last.breakAfter === 'sentence' || last.pauseAfterMs > CHAIN_GAP_MS));
}
