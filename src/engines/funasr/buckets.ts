import type { ModelCard } from '../../models/card.js';
import { bucketOf, bucketsOf, isPadded, paddedRows, runBuckets } from '../buckets.js';
import type { ReplicaLoad, WarmedBuckets } from '../engine.js';

/** Lengths that a model of FunASR that hears spans is run with on a GPU. */
export interface SpanBuckets {
  /** Rows of 60 ms. */
  readonly rows: readonly number[];
}

/** From commands of one or two seconds to spans of 30 s. */
const ROWS = [32, 64, 96, 128, 192, 256, 384, 500];

const SAMPLE_RATE_HZ = 16_000;
/** Rows are shifted by 60 ms, and the first one needs as much besides. */
const ROW_SAMPLES = 960;
const TONE_PEAK = 4_000;
/** Two seconds. */
const SHORT_ROWS = 32;

/** The lengths of a model: the card's, else some for spans of up to 30 s. */
export function spanBuckets(card: Pick<ModelCard, 'buckets'>): SpanBuckets {
  return bucketsOf(card, { rows: ROWS });
}

/** Makes the rows of a span as many as the next bucket; on the CPU they stay as they are. */
export type PadRows = (rows: Float32Array, width: number) => PaddedSpan;

/** Rows as a graph gets them, with how many of them are speech. */
export interface PaddedSpan {
  /** [length, width], row-major: the speech, then zeros. */
  readonly rows: Float32Array;
  readonly length: number;
  readonly count: number;
}

/** How a replica pads: to its card's buckets where its sessions run on a GPU. */
export function rowPadding(load: ReplicaLoad, opened: { readonly provider: string }): PadRows {
  const buckets = isPadded(load, opened) ? spanBuckets(load.card).rows : undefined;
  return (rows, width) => {
    const count = rows.length / width;
    const length = bucketOf(count, buckets);
    // One long row: what follows it follows the last of its own.
    return { rows: paddedRows(rows, rows.length, length * width), length, count };
  };
}

/** Hears something. */
type Hear = (pcm: Int16Array) => Promise<unknown>;

/** Hears a short span. */
export async function warmSpan(hear: Hear): Promise<void> {
  await hear(soundOf(SHORT_ROWS));
}

/**
 * Hears a span of every length.
 * @throws ChorusError that names the bucket that could not be run.
 */
export async function warmSpans({ rows }: SpanBuckets, hear: Hear): Promise<WarmedBuckets> {
  await runBuckets('rows', rows, (length) => hear(soundOf(length)));
  return { rows };
}

/** Sound of so many rows: a tone that rises and falls. */
function soundOf(rows: number): Int16Array {
  const length = rows * ROW_SAMPLES;
  return Int16Array.from({ length }, (_, at) => {
    const hz = 200 + 150 * Math.sin((2 * Math.PI * at) / SAMPLE_RATE_HZ);
    return TONE_PEAK * Math.sin((2 * Math.PI * hz * at) / SAMPLE_RATE_HZ);
  });
}
