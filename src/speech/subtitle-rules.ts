/*
 * What subtitle editors expect, after the timed-text style guides that broadcasters and streaming
 * services publish; they agree within the ranges that are named here.
 */

/** Columns of a line: 42 Latin letters, or 16 characters of Chinese, Japanese or Korean. */
export const MAX_COLUMNS = 42;
/** A wide character takes so many columns, and as much more time to read: 42 / 2.5 ≈ 17. */
export const WIDE_COLUMNS = 2.5;
/** Lines that are seen at once. */
export const MAX_LINES = 2;
/** A cue that is seen for less is missed; guides say 5/6 s to 1 s. */
export const MIN_CUE_MS = 1_000;
/** A cue that is seen for longer is read twice; guides say 6 s to 7 s. */
export const MAX_CUE_MS = 7_000;
/** Two frames at 24 a second: without it a change of text is not noticed. */
export const MIN_GAP_MS = 84;
/** A pause between cues that is shorter only flickers: the first stays until the second comes. */
export const CHAIN_GAP_MS = 500;
/** Columns that are read in a second with ease; 20 is the bound for adults. */
export const READING_COLUMNS_PER_SECOND = 17;
/** Of words whose times are all one there is nothing better to say. */
export const SHORTEST_CUE_MS = 100;
