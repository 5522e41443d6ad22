import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { applyCmvn, type Cmvn, cmvnOfMetadata, parseKaldiCmvn } from '../../audio/cmvn.js';
import { Fbank, FBANK_MELS, type FbankState, newFbankState } from '../../audio/fbank.js';
import {
  finishStack,
  type LfrOptions,
  type LfrState,
  newLfrState,
  stackFrames,
} from '../../audio/lfr.js';
import { ChorusError } from '../../protocol/errors.js';

/** Seconds from one 10 ms frame of the filter bank to the next. */
const FRAME_SECONDS = 0.01;
/** FunASR's models stack 7 frames every 6: a row each 60 ms. */
const STACK_FRAMES = 7;
const SHIFT_FRAMES = 6;

/** The figures of a model's front end. */
export interface FrontEndConfig {
  readonly cmvn: Cmvn;
  readonly lfr: LfrOptions;
}

/** What a stream keeps between its chunks; structured-cloneable. */
export interface FrontEndState {
  readonly fbank: FbankState;
  readonly lfr: LfrState;
}

/** A stream of which nothing was heard yet. */
export function newFrontEndState(): FrontEndState {
  return { fbank: newFbankState(), lfr: newLfrState() };
}

/**
 * Reads a model's figures: from its graph's metadata, as sherpa-onnx writes them, or from the
 * `am.mvn` beside it, as FunASR does.
 * @throws ChorusError `model_failed` if there are none or they do not fit.
 */
export async function readFrontEnd(
  modelDir: string,
  metadata: Readonly<Record<string, string>>,
): Promise<FrontEndConfig> {
  const lfr: LfrOptions = {
    width: FBANK_MELS,
    stackFrames: Number(metadata['lfr_window_size'] ?? STACK_FRAMES),
    shiftFrames: Number(metadata['lfr_window_shift'] ?? SHIFT_FRAMES),
  };
  const cmvn = await readCmvn(modelDir, metadata);
  const width = lfr.width * lfr.stackFrames;
  if (cmvn.shift.length === width) return { cmvn, lfr };
  const message = `The normalisation in ${modelDir} is for ${cmvn.shift.length} values, not ${width}.`;
  throw new ChorusError('model_failed', message);
}

async function readCmvn(modelDir: string, metadata: Readonly<Record<string, string>>) {
  const path = join(modelDir, 'am.mvn');
  try {
    return cmvnOfMetadata(metadata) ?? parseKaldiCmvn(await readFile(path, 'utf8'));
  } catch (caught) {
    const words = caught instanceof Error ? caught.message : String(caught);
    const message = `The normalisation (metadata of the graph, or ${path}) cannot be read: ${words}`;
    throw new ChorusError('model_failed', message, {}, { cause: caught });
  }
}

/** From samples to the rows that FunASR's networks take; keeps tables, nothing of the audio. */
export class FrontEnd {
  /** Values of a row. */
  readonly width: number;
  /** Time from one row to the next. */
  readonly rowSeconds: number;
  readonly #config: FrontEndConfig;
  readonly #fbank = new Fbank('hamming');

  constructor(config: FrontEndConfig) {
    this.#config = config;
    this.width = config.lfr.width * config.lfr.stackFrames;
    this.rowSeconds = config.lfr.shiftFrames * FRAME_SECONDS;
  }

  /** Rows of a whole piece of audio, row-major; none if it is shorter than 25 ms. */
  whole(pcm: Int16Array): Float32Array {
    const state = newFrontEndState();
    const rows = this.push(state, pcm);
    const last = this.finish(state);
    const out = new Float32Array(rows.length + last.length);
    out.set(rows);
    out.set(last, rows.length);
    return out;
  }

  /** Rows that a chunk of a stream completes; how it is cut changes no bit of them. */
  push(state: FrontEndState, pcm: Int16Array): Float32Array {
    const frames = this.#fbank.push(state.fbank, pcm);
    return this.#normalized(stackFrames(state.lfr, frames, this.#config.lfr));
  }

  /** The rows that are left once a stream has ended; the state is as new afterwards. */
  finish(state: FrontEndState): Float32Array {
    state.fbank.tail = newFbankState().tail;
    return this.#normalized(finishStack(state.lfr, this.#config.lfr));
  }

  #normalized(rows: Float32Array): Float32Array {
    applyCmvn(rows, this.#config.cmvn);
    return rows;
  }
}
