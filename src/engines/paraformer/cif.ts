/**
 * Continuous integrate-and-fire: each row of an encoder has a weight; rows are summed by their weights
 * until the weights make 1, and then there is a token (Dong and Xu, "CIF: Continuous
 * Integrate-and-Fire for End-to-End Speech Recognition", 2020). Pure: no network, no clock.
 */

/** Weight at which a token fires. */
const THRESHOLD = 1;
/** A token's sound begins where it has gathered this much; less may be left over by the one before. */
const ONSET_WEIGHT = 0.25;

/** What is gathered for the next token; structured-cloneable. */
export interface CifState {
  /** 0 up to, without, 1. */
  weight: number;
  /** Weighted sum of rows. */
  sum: Float32Array;
  /** Row in which its sound began; undefined while it has gathered too little. */
  onsetRow: number | undefined;
}

/** Nothing is gathered yet; `width` = values of a row. */
export function newCifState(width: number): CifState {
  return { weight: 0, sum: new Float32Array(width), onsetRow: undefined };
}

/** The rows that a token was gathered from: from the first to, with, the last. */
export interface Fire {
  readonly fromRow: number;
  readonly toRow: number;
}

/** Rows of an encoder, in the order of time. */
export interface CifRows {
  /** [rows, width], row-major. */
  readonly hidden: Float32Array;
  /** A weight for each row, 0 or more. */
  readonly alphas: Float32Array;
  /** What the first row is called in the answer. */
  readonly firstRow: number;
}

/** Tokens that fired. */
export interface Fired {
  /** [tokens, width], row-major. */
  readonly embeddings: Float32Array;
  readonly fires: readonly Fire[];
}

/** Gathers rows and fires tokens; how a stream is cut changes no bit of them. */
export function integrateAndFire(state: CifState, rows: CifRows): Fired {
  const width = state.sum.length;
  const embeddings: Float32Array[] = [];
  const fires: Fire[] = [];
  for (const [i, alpha] of rows.alphas.entries()) {
    const row = rows.hidden.subarray(i * width, (i + 1) * width);
    const rowNumber = rows.firstRow + i;
    let rest = alpha;
    while (state.weight + rest >= THRESHOLD) {
      const needed = THRESHOLD - state.weight;
      addScaled(state.sum, row, needed);
      embeddings.push(state.sum);
      fires.push({ fromRow: state.onsetRow ?? rowNumber, toRow: rowNumber });
      Object.assign(state, newCifState(width));
      rest -= needed;
    }
    gather(state, { row, weight: rest, rowNumber });
  }
  return { embeddings: concatenated(embeddings, width), fires };
}

/**
 * Ends a stream: what was gathered is a token if the training's allowance for the last one fills it up.
 * @param allowance `tail_threshold` of the model's predictor.
 */
export function fireTail(state: CifState, allowance: number, lastRow: number): Fired {
  const silence = new Float32Array(state.sum.length);
  const alphas = Float32Array.of(allowance);
  const fired = integrateAndFire(state, { hidden: silence, alphas, firstRow: lastRow });
  Object.assign(state, newCifState(state.sum.length));
  return fired;
}

function gather(
  state: CifState,
  { row, weight, rowNumber }: { row: Float32Array; weight: number; rowNumber: number },
): void {
  state.weight += weight;
  addScaled(state.sum, row, weight);
  if (state.weight >= ONSET_WEIGHT) state.onsetRow ??= rowNumber;
}

function addScaled(sum: Float32Array, row: Float32Array, scale: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (row[i] as number) * scale;
}

function concatenated(parts: readonly Float32Array[], width: number): Float32Array {
  const out = new Float32Array(parts.length * width);
  for (const [i, part] of parts.entries()) out.set(part, i * width);
  return out;
}
