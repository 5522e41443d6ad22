/** From the attention of the alignment heads to evidence of when which token is spoken. */

/** Positions that a median is taken over (`whisper/timing.py`: `medfilt_width`). */
const FILTER_WIDTH = 7;
const REACH = (FILTER_WIDTH - 1) / 2;

/**
 * Smooths each head's attention over time and averages the heads.
 * @param attention [heads, rows, positions], as `AttentionSession` gives it.
 * @returns [rows, positions]
 */
export function evidenceOf(
  attention: Float32Array,
  { rows, positions }: { readonly rows: number; readonly positions: number },
): Float32Array {
  const evidence = new Float32Array(rows * positions);
  const heads = attention.length / evidence.length;
  for (let line = 0; line < heads * rows; line++) {
    const smooth = medianFilter(attention.subarray(line * positions, (line + 1) * positions));
    const start = (line % rows) * positions;
    for (let i = 0; i < positions; i++) {
      evidence[start + i] = (evidence[start + i] ?? 0) + (smooth[i] ?? 0) / heads;
    }
  }
  return evidence;
}

/**
 * The median of each value and its three neighbours on both sides; beyond an end the line is mirrored.
 * A line that is too short for that is given back as it is.
 */
export function medianFilter(values: Float32Array): Float32Array {
  const { length } = values;
  if (length <= REACH) return values;
  const line = withMirroredEnds(values);
  const out = new Float32Array(length);
  // The window's values in order; one leaves and one comes at each step.
  const sorted = line.slice(0, FILTER_WIDTH).toSorted();
  for (let i = 0; i < length; i++) {
    out[i] = sorted[REACH] as number;
    if (i + 1 < length) replace(sorted, line[i] as number, line[i + FILTER_WIDTH] as number);
  }
  return out;
}

function withMirroredEnds(values: Float32Array): Float32Array {
  const { length } = values;
  const line = new Float32Array(length + 2 * REACH);
  line.set(values, REACH);
  for (let i = 1; i <= REACH; i++) {
    line[REACH - i] = values[i] as number;
    line[REACH + length - 1 + i] = values[length - 1 - i] as number;
  }
  return line;
}

/** Takes a value out of a sorted list and puts another one in. */
function replace(sorted: Float32Array, leaving: number, coming: number): void {
  const last = sorted.length - 1;
  let at = 0;
  while (at < last && sorted[at] !== leaving) at++;
  for (; at < last && (sorted[at + 1] as number) < coming; at++) {
    sorted[at] = sorted[at + 1] as number;
  }
  for (; at > 0 && (sorted[at - 1] as number) > coming; at--) {
    sorted[at] = sorted[at - 1] as number;
  }
  sorted[at] = coming;
}
