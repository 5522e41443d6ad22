/** Windows that are judged together: a single one may lie between two sounds of a word. */
const JUDGED = 3;

/**
 * Where to cut speech that has no pause: the middle of the three windows in a row that are least
 * likely speech; of equal ones the last, so that the piece is long.
 * @param probabilities Of speech, a window each.
 * @param from First window that may be cut.
 * @returns A window from `from` on; the last one where there are no three.
 */
export function quietestWindow(probabilities: readonly number[], from: number): number {
  let best = { at: probabilities.length - 1, sum: Number.POSITIVE_INFINITY };
  for (let at = Math.max(from, 1); at + 1 < probabilities.length; at++) {
    const around = probabilities.slice(at - 1, at - 1 + JUDGED);
    const sum = around.reduce((total, one) => total + one, 0);
    if (sum <= best.sum) best = { at, sum };
  }
  return best.at;
}
