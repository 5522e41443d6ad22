/**
 * Dynamic time warping: the path through a matrix of tokens and times that has the most evidence and
 * never goes back (Sakoe and Chiba 1978; steps as in `whisper/timing.py`: one token on, one position
 * on, or both).
 */

/** Ways into a cell. */
const BOTH = 0;
const TOKEN = 1;
const POSITION = 2;

/**
 * Where the path comes to each row first; never less than for the row before.
 * @param evidence [rows, positions], the larger the likelier.
 */
export function warpedStarts(evidence: Float32Array, rows: number): number[] {
  const positions = rows === 0 ? 0 : evidence.length / rows;
  const ways = cheapestWays(evidence, rows, positions);
  const starts = Array.from({ length: rows }, () => 0);
  let row = rows - 1;
  let position = positions - 1;
  while (row >= 0 && position >= 0) {
    starts[row] = position;
    const way = row === 0 ? POSITION : position === 0 ? TOKEN : ways[row * positions + position];
    if (way !== POSITION) row--;
    if (way !== TOKEN) position--;
  }
  return starts;
}

function cheapestWays(evidence: Float32Array, rows: number, positions: number): Uint8Array {
  const ways = new Uint8Array(rows * positions);
  // Costs of the row above and of this one, with a column before the first.
  let above = new Float64Array(positions + 1).fill(Number.POSITIVE_INFINITY);
  above[0] = 0;
  let costs = new Float64Array(positions + 1);
  for (let row = 0; row < rows; row++) {
    costs[0] = Number.POSITIVE_INFINITY;
    for (let i = 0; i < positions; i++) {
      const both = above[i] as number;
      const token = above[i + 1] as number;
      const position = costs[i] as number;
      const way = cheapest(both, token, position);
      const before = way === BOTH ? both : way === TOKEN ? token : position;
      ways[row * positions + i] = way;
      costs[i + 1] = before - (evidence[row * positions + i] as number);
    }
    [above, costs] = [costs, above];
  }
  return ways;
}

/** Of equal ones the last, as the reference has it. */
function cheapest(both: number, token: number, position: number): number {
  if (both < token && both < position) return BOTH;
  return token < both && token < position ? TOKEN : POSITION;
}
