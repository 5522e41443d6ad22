import { type InferenceSession, Tensor } from 'onnxruntime-node';

import type { PadRows } from '../funasr/buckets.js';
import type { FrontEnd } from '../funasr/front-end.js';
import { bestOf, logprobOf } from '../funasr/scores.js';
import type { ParaformerResult, ParaformerToken } from './steps.js';

const SAMPLE_RATE_HZ = 16_000;
/** Name of the output that tells where tokens fire, in thirds of a row. */
const PEAKS = 'us_cif_peak';
const PEAKS_PER_ROW = 3;
/** A value from here on is a token. */
const PEAK = 1 - 1e-4;
/** Tokens begin a little before they fire, and last no longer than this (`timestamp_utils.py`). */
const EARLIER_PEAKS = 1.5;
const MAX_PEAKS = 12;

/** What a span is heard with. */
export interface OfflineModel {
  readonly session: InferenceSession;
  readonly frontEnd: FrontEnd;
  readonly pad: PadRows;
}

/** Writes a span down with the graph that hears it as a whole. */
export async function hearSpan(
  { session, frontEnd, pad }: OfflineModel,
  pcm: Int16Array,
): Promise<ParaformerResult> {
  const rows = frontEnd.whole(pcm);
  const throughSeconds = pcm.length / SAMPLE_RATE_HZ;
  if (rows.length === 0) return { tokens: [], timed: false, throughSeconds };
  const span = pad(rows, frontEnd.width);
  const hasPeaks = session.outputNames.includes(PEAKS);
  const outputs = await session.run(
    {
      speech: new Tensor('float32', span.rows, [1, span.length, frontEnd.width]),
      speech_lengths: new Tensor('int32', Int32Array.of(span.count), [1]),
    },
    ['logits', 'token_num', ...(hasPeaks ? [PEAKS] : [])],
  );
  const starts = peakStarts(outputs[PEAKS], frontEnd.rowSeconds);
  const tokens = tokensOf(outputs['logits'], Number(outputs['token_num']?.data[0] ?? 0));
  const timed = tokens.length > 0 && starts.length >= tokens.length;
  const longest = (MAX_PEAKS * frontEnd.rowSeconds) / PEAKS_PER_ROW;
  return {
    timed,
    throughSeconds,
    tokens: tokens.map((token, i) => {
      if (!timed) return { ...token, start: 0, end: throughSeconds };
      const start = starts[i] ?? 0;
      const next = starts[i + 1] ?? throughSeconds;
      return { ...token, start, end: Math.min(next, start + longest, throughSeconds) };
    }),
  };
}

function peakStarts(peaks: Tensor | undefined, rowSeconds: number): number[] {
  const values = (peaks?.data ?? new Float32Array(0)) as Float32Array;
  return Array.from(values.entries()).flatMap(([at, value]) =>
    value >= PEAK ? [(Math.max(0, at - EARLIER_PEAKS) * rowSeconds) / PEAKS_PER_ROW] : [],
  );
}

function tokensOf(
  logits: Tensor | undefined,
  expected: number,
): Pick<ParaformerToken, 'id' | 'logprob'>[] {
  const values = (logits?.data ?? new Float32Array(0)) as Float32Array;
  const [, rows = 0, length = 0] = logits?.dims ?? [];
  return Array.from({ length: Math.max(0, Math.min(expected, rows)) }, (_, token) => {
    const row = { values, from: token * length, length };
    const id = bestOf(row);
    return { id, logprob: logprobOf(row, id) };
  });
}
