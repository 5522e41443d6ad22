import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Tensor, type InferenceSession } from 'onnxruntime-node';

import { openSession } from '../onnx/session.js';
import { FRAMED_SAMPLES, layOutFrames } from './silero-frames.js';
import { SILERO_CONTRACT, sileroGraph } from './silero-graph.js';
import { readSileroWeights } from './silero-weights.js';
import {
  pendingSamples,
  VAD_CONTEXT_SAMPLES,
  VAD_HIDDEN,
  VAD_WINDOW_SAMPLES,
  type VadState,
} from './vad-state.js';

/** Name of the weights in the folder of the model `silero-vad`. */
export const SILERO_FILE = 'silero_vad_v6.onnx';

/** Rows of one run, windows times streams: more gain nothing and cost memory (measured). */
const MAX_ROWS = 64;

/** What came of a stream since its state. */
export interface VadPiece {
  readonly state: VadState;
  /** 16 kHz, any number of samples. */
  readonly pcm: Int16Array;
}

/** What was heard in a piece. */
export interface VadResult {
  /** Of speech, 0–1, one for each window of 32 ms that the piece completed. */
  readonly probabilities: Float32Array;
  /** Where the stream goes on. */
  readonly state: VadState;
}

/**
 * Says for each 32 ms of audio how likely somebody speaks: Silero VAD v6 at 16 kHz, on one thread of
 * the CPU. It keeps nothing of a stream, so that one serves any number of them, at once.
 */
export class SileroVad {
  readonly #session: InferenceSession;

  /**
   * Loads the network from the folder of the model `silero-vad`.
   * @throws ChorusError `model_failed` if the weights are others than those of v6.
   */
  static async open(modelDir: string): Promise<SileroVad> {
    const path = join(modelDir, SILERO_FILE);
    const graph = sileroGraph(readSileroWeights(await readFile(path), path));
    const opened = await openSession({
      path,
      graph,
      threads: 1,
      // A run takes less than a millisecond: no GPU would be faster.
      target: { kind: 'cpu' },
      expect: SILERO_CONTRACT,
    });
    return new SileroVad(opened.session);
  }

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Goes on with several streams; windows that can be computed together are. */
  async run(pieces: readonly VadPiece[]): Promise<VadResult[]> {
    const lanes = pieces.map(laneOf);
    // One buffer for all rounds: a fresh one each would be a quarter of a megabyte of garbage.
    const windows = lanes.reduce((sum, { probabilities }) => sum + probabilities.length, 0);
    const rows = Math.min(windows, Math.max(MAX_ROWS, lanes.length));
    const frames = new Float32Array(rows * FRAMED_SAMPLES);
    for (;;) {
      const busy = lanes.filter(({ done, probabilities }) => done < probabilities.length);
      if (busy.length === 0) return lanes.map(resultOf);
      await this.#round(busy, frames);
    }
  }

  /** The last probability of a stream that ends within a window; none if it ends with one. */
  async finish(state: VadState): Promise<Float32Array> {
    const pending = pendingSamples(state);
    if (pending === 0) return new Float32Array(0);
    const pcm = new Int16Array(VAD_WINDOW_SAMPLES - pending);
    const [result] = await this.run([{ state, pcm }]);
    return result?.probabilities ?? new Float32Array(0);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  /** Runs as many windows of each lane as the shortest has left, within bounds. */
  async #round(lanes: readonly Lane[], buffer: Float32Array): Promise<void> {
    const left = lanes.map(({ done, probabilities }) => probabilities.length - done);
    const time = Math.min(Math.max(1, Math.floor(MAX_ROWS / lanes.length)), ...left);
    const frames = layOut(lanes, time, buffer);
    const shape = [1, lanes.length, VAD_HIDDEN];
    const outputs = await this.#session.run({
      frames: new Tensor('float32', frames, [time, lanes.length, FRAMED_SAMPLES]),
      hidden: new Tensor('float32', joined(lanes.map(({ hidden }) => hidden)), shape),
      cell: new Tensor('float32', joined(lanes.map(({ cell }) => cell)), shape),
    });
    share(lanes, {
      time,
      probabilities: outputs['probabilities']?.data as Float32Array,
      hidden: outputs['next_hidden']?.data as Float32Array,
      cell: outputs['next_cell']?.data as Float32Array,
    });
  }
}

/** A stream within one call. */
interface Lane {
  /** The context of the first window, and all samples since. */
  readonly pcm: Int16Array;
  /** One for each whole window; those from `done` on are not computed yet. */
  readonly probabilities: Float32Array;
  done: number;
  hidden: Float32Array;
  cell: Float32Array;
}

/** What a run gave: probabilities [time, lanes], states [lanes, 128]. */
interface RoundOutput {
  readonly time: number;
  readonly probabilities: Float32Array;
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
}

function share(lanes: readonly Lane[], output: RoundOutput): void {
  for (const [index, lane] of lanes.entries()) {
    for (let t = 0; t < output.time; t++) {
      const at = t * lanes.length + index;
      lane.probabilities[lane.done + t] = output.probabilities[at] as number;
    }
    lane.done += output.time;
    lane.hidden = output.hidden.slice(index * VAD_HIDDEN, (index + 1) * VAD_HIDDEN);
    lane.cell = output.cell.slice(index * VAD_HIDDEN, (index + 1) * VAD_HIDDEN);
  }
}

function laneOf({ state, pcm }: VadPiece): Lane {
  const all = new Int16Array(state.tail.length + pcm.length);
  all.set(state.tail);
  all.set(pcm, state.tail.length);
  const windows = Math.floor((all.length - VAD_CONTEXT_SAMPLES) / VAD_WINDOW_SAMPLES);
  const probabilities = new Float32Array(windows);
  return { pcm: all, probabilities, done: 0, hidden: state.hidden, cell: state.cell };
}

function resultOf({ pcm, probabilities, hidden, cell }: Lane): VadResult {
  const tail = pcm.slice(probabilities.length * VAD_WINDOW_SAMPLES);
  return { probabilities, state: { tail, hidden, cell } };
}

/** The next windows of all lanes, time by time, at the beginning of a buffer. */
function layOut(lanes: readonly Lane[], time: number, buffer: Float32Array): Float32Array {
  const rows = time * lanes.length;
  for (let row = 0; row < rows; row++) {
    const lane = lanes[row % lanes.length] as Lane;
    const window = lane.done + Math.floor(row / lanes.length);
    const out = buffer.subarray(row * FRAMED_SAMPLES);
    layOutFrames(lane.pcm, window * VAD_WINDOW_SAMPLES, out);
  }
  return buffer.subarray(0, rows * FRAMED_SAMPLES);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const all = new Float32Array(parts.length * VAD_HIDDEN);
  for (const [index, part] of parts.entries()) all.set(part, index * VAD_HIDDEN);
  return all;
}
