import { z } from 'zod';

/**
 * Lengths that a model's graphs are run with where every new length is dear, by what varies. On a GPU
 * cuDNN looks for the best kernels anew for each shape that a convolution meets.
 */
export type Buckets = Readonly<Record<string, readonly number[]>>;

/** More would take minutes before a replica is ready. */
const MAX_BUCKETS = 32;

/** What lengths of one kind may be. */
interface BucketLimits {
  /** The engine never runs more, or the graph cannot. */
  readonly max: number;
  /** Steps may be so long: the last bucket must hold them. */
  readonly holds?: number;
  /** The graph halves it. */
  readonly isEven?: boolean;
}

/** Whisper's window of 30 s, in frames of 10 ms. */
const WINDOW_FRAMES = 3000;
/** The longest span of the models of FunASR, 30 s, in rows of 60 ms. */
const SPAN_ROWS = 500;

/** What varies in the graphs of each engine. What a voice or model needs besides, its engine checks. */
const LIMITS: Readonly<Record<string, Readonly<Record<string, BucketLimits>>>> = {
  piper: {
    phonemeIds: { max: 4096 },
    flowFrames: { max: 2048 },
    decoderFrames: { max: 2048 },
  },
  kokoro: { tokens: { max: 510 } },
  whisper: {
    windowFrames: { max: WINDOW_FRAMES, holds: WINDOW_FRAMES, isEven: true },
    batch: { max: 8 },
  },
  sensevoice: { rows: { max: SPAN_ROWS, holds: SPAN_ROWS } },
  paraformer: { rows: { max: SPAN_ROWS, holds: SPAN_ROWS } },
};

const lengthsSchema = z
  .array(z.int().positive())
  .min(1)
  .max(MAX_BUCKETS)
  .refine(
    (lengths) => lengths.every((length, index) => length > (lengths[index - 1] ?? 0)),
    'must ascend, each length once',
  );

/** What a card says of its buckets. */
export const bucketsSchema = z.record(z.string(), lengthsSchema);

/** What is wrong with a card's buckets for its engine, each line with the field at fault. */
export function bucketProblems(engine: string, buckets: Buckets = {}): string[] {
  const known = LIMITS[engine] ?? {};
  return Object.entries(buckets).flatMap(([name, lengths]) => {
    const limits = Object.hasOwn(known, name) ? known[name] : undefined;
    if (limits) return outside(`buckets.${name}`, lengths, limits);
    const names = Object.keys(known).join(', ') || 'none';
    return [`buckets.${name}: the engine ${engine} has no such lengths; it has: ${names}`];
  });
}

function outside(field: string, lengths: readonly number[], limits: BucketLimits): string[] {
  const { max, holds = 0, isEven = false } = limits;
  const last = lengths.at(-1) ?? 0;
  const odd = isEven ? lengths.find((length) => length % 2 !== 0) : undefined;
  return [
    ...(last > max ? [`${field}: ${last} is more than the engine runs; ${max} is the most`] : []),
    ...(last < holds ? [`${field}: must end with ${holds}, the longest that is run`] : []),
    ...(odd === undefined ? [] : [`${field}: ${odd} is odd; the graph halves it`]),
  ];
}
