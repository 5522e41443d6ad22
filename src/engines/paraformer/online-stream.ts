import type { StepControl } from '../engine.js';
import { type FrontEnd, newFrontEndState } from '../funasr/front-end.js';
import { type Fired, fireTail, integrateAndFire, newCifState } from './cif.js';
import type { EncodedChunk, OnlineGraphs } from './online-graphs.js';
import { addPositions } from './positions.js';
import type { OnlineState, ParaformerToken } from './steps.js';

/**
 * A chunk: rows that are heard, with context on both sides. FunASR's models were trained with 10 rows
 * of 60 ms and 5 on each side, so a chunk is heard 0.3 s after its end.
 */
const LEFT_ROWS = 5;
/** Rows of a chunk that are heard. */
export const CHUNK_ROWS = 10;
const RIGHT_ROWS = 5;
const ALL_ROWS = LEFT_ROWS + CHUNK_ROWS + RIGHT_ROWS;
/** `tail_threshold` of the published models. */
const TAIL_WEIGHT = 0.45;

/** What a stream is heard with. */
export interface OnlineModel {
  readonly graphs: OnlineGraphs;
  readonly frontEnd: FrontEnd;
}

/** The beginning of a stream: silence on the left, and where the first chunk has no speech yet. */
export function newOnlineState({ graphs, frontEnd }: OnlineModel): OnlineState {
  return {
    frontEnd: newFrontEndState(),
    rows: new Float32Array((LEFT_ROWS + CHUNK_ROWS - RIGHT_ROWS) * frontEnd.width),
    position: 0,
    nextRow: RIGHT_ROWS - CHUNK_ROWS,
    cif: newCifState(graphs.channels),
    caches: [],
  };
}

/** How far a stream is heard, in seconds from its beginning. */
export function heardSeconds({ frontEnd }: OnlineModel, { nextRow }: OnlineState): number {
  return Math.max(0, nextRow) * frontEnd.rowSeconds;
}

/**
 * Hears the next piece of a stream; the state is changed. How a stream is cut into pieces changes no
 * bit of its tokens.
 */
export async function hearPiece(
  model: OnlineModel,
  state: OnlineState,
  piece: { readonly pcm: Int16Array; readonly isLast: boolean; readonly control: StepControl },
): Promise<ParaformerToken[]> {
  const { frontEnd } = model;
  const tokens: ParaformerToken[] = [];
  append(model, state, frontEnd.push(state.frontEnd, piece.pcm));
  if (piece.isLast) append(model, state, frontEnd.finish(state.frontEnd));
  while (!piece.control.canceled && waiting(model, state) >= ALL_ROWS) {
    tokens.push(...(await hearChunk(model, state, { rows: ALL_ROWS, isLast: false })));
  }
  if (!piece.isLast || state.position === 0 || piece.control.canceled) return tokens;
  const rows = waiting(model, state);
  if (rows > LEFT_ROWS + CHUNK_ROWS) {
    tokens.push(...(await hearChunk(model, state, { rows, isLast: false })));
  }
  const last = { rows: waiting(model, state), isLast: true };
  return [...tokens, ...(await hearChunk(model, state, last))];
}

function waiting({ frontEnd }: OnlineModel, { rows }: OnlineState): number {
  return rows.length / frontEnd.width;
}

function append({ graphs, frontEnd }: OnlineModel, state: OnlineState, rows: Float32Array): void {
  const { width } = frontEnd;
  const scale = Math.sqrt(graphs.channels);
  addPositions(rows, { width, scale, position: state.position });
  const joined = new Float32Array(state.rows.length + rows.length);
  joined.set(state.rows);
  joined.set(rows, state.rows.length);
  state.rows = joined;
  state.position += rows.length / width;
}

async function hearChunk(
  model: OnlineModel,
  state: OnlineState,
  { rows, isLast }: { readonly rows: number; readonly isLast: boolean },
): Promise<ParaformerToken[]> {
  const { graphs, frontEnd } = model;
  const heard = Math.min(rows - LEFT_ROWS, CHUNK_ROWS);
  const chunk = await graphs.encode(state.rows.slice(0, rows * frontEnd.width), frontEnd.width);
  const fired = weigh(state, chunk, { width: graphs.channels, heard, isLast });
  state.rows = state.rows.slice(heard * frontEnd.width);
  state.nextRow += heard;
  if (fired.fires.length === 0) return [];
  const decoded = await graphs.decode(chunk, fired.embeddings, state.caches);
  state.caches = decoded.caches;
  const secondsAt = (row: number): number => Math.max(0, row) * frontEnd.rowSeconds;
  return decoded.tokens.map((token, i) => {
    const { fromRow = 0, toRow = 0 } = fired.fires[i] ?? {};
    return { ...token, start: secondsAt(fromRow), end: secondsAt(toRow + 1) };
  });
}

/** Fires the tokens of the rows that are heard; the context beside them has had or will have its turn. */
function weigh(
  state: OnlineState,
  { hidden, alphas }: EncodedChunk,
  { width, heard, isLast }: { width: number; heard: number; isLast: boolean },
): Fired {
  const [from, to] = [LEFT_ROWS, LEFT_ROWS + heard];
  const fired = integrateAndFire(state.cif, {
    hidden: hidden.subarray(from * width, to * width),
    alphas: alphas.subarray(from, to),
    firstRow: state.nextRow,
  });
  if (!isLast) return fired;
  const tail = fireTail(state.cif, TAIL_WEIGHT, state.nextRow + heard - 1);
  const embeddings = new Float32Array(fired.embeddings.length + tail.embeddings.length);
  embeddings.set(fired.embeddings);
  embeddings.set(tail.embeddings, fired.embeddings.length);
  return { embeddings, fires: [...fired.fires, ...tail.fires] };
}
