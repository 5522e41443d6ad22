import { type Atom, atomsOf, type SpokenText } from './subtitle-atoms.js';
import { cutSection } from './subtitle-cuts.js';
import { lineColumns, writeLines } from './subtitle-lines.js';
import {
  CHAIN_GAP_MS,
  MAX_CUE_MS,
  MIN_CUE_MS,
  MIN_GAP_MS,
  READING_COLUMNS_PER_SECOND,
  SHORTEST_CUE_MS,
} from './subtitle-rules.js';
import { type Section, sectionsOf } from './subtitle-section.js';
import type { Cue } from './subtitles.js';

/** What bounds the cues beside their words. */
export interface SubtitleOptions {
  /** Length of the audio in seconds: no cue stays longer for its readers. */
  readonly durationSeconds: number;
}

/**
 * Makes subtitles of a transcript by the rules of `subtitle-rules.ts`: each cue holds one or two
 * lines, begins with its first word, ends at a good place, and stays long enough to be read where
 * the next one lets it. No word is lost, and no cue begins before the last has ended.
 */
export function* subtitleCues(
  segments: Iterable<SpokenText>,
  { durationSeconds }: SubtitleOptions,
): Generator<Cue> {
  const durationMs = Math.round(durationSeconds * 1000);
  let earliestMs = 0;
  for (const { run, nextMs } of withNext(runsOf(atomsOf(segments)))) {
    const startMs = Math.max(earliestMs, startOf(run));
    const endMs = endOf(run, { startMs, nextMs, durationMs });
    yield { start: startMs / 1000, end: endMs / 1000, text: writeLines(run) };
    earliestMs = endMs;
  }
}

function* runsOf(atoms: Iterable<Atom>): Generator<Section> {
  for (const section of sectionsOf(atoms)) yield* cutSection(section);
}

/** A run of atoms that makes a cue, and when the next one begins. */
interface Run {
  readonly run: Section;
  readonly nextMs: number;
}

function* withNext(runs: Iterable<Section>): Generator<Run> {
  let last: Section | undefined;
  for (const run of runs) {
    if (last !== undefined) yield { run: last, nextMs: startOf(run) };
    last = run;
  }
  if (last !== undefined) yield { run: last, nextMs: Infinity };
}

function startOf(run: Section): number {
  return run[0]?.startMs ?? 0;
}

interface Room {
  readonly startMs: number;
  readonly nextMs: number;
  readonly durationMs: number;
}

/** Until it has been read, if there is room; up to the next cue, if that comes soon. */
function endOf(run: Section, { startMs, nextMs, durationMs }: Room): number {
  const spokenMs = run.reduce((latest, atom) => Math.max(latest, atom.endMs), startMs);
  const readMs = Math.round((lineColumns(run) / READING_COLUMNS_PER_SECOND) * 1000);
  const wantedMs = Math.min(startMs + Math.max(MIN_CUE_MS, readMs), durationMs);
  const aloneMs = Math.max(spokenMs, wantedMs);
  const linkedMs = nextMs - aloneMs < CHAIN_GAP_MS ? nextMs - MIN_GAP_MS : aloneMs;
  return Math.max(Math.min(linkedMs, startMs + MAX_CUE_MS), startMs + SHORTEST_CUE_MS);
}
