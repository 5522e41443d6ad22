import { SeededRandom } from './random.js';
import type { TraceRequest } from './trace.js';

/** How long texts are: lognormal, as lengths of texts are in many corpora. */
const MEDIAN_CHARACTERS = 100;
const SIGMA = 1.5;
/** The longest text that the door takes. */
const MAX_CHARACTERS = 4_096;
/** What a text takes: something fixed, and something for each character, which varies by texts. */
const FIXED_MS = 50;
const MS_PER_CHARACTER = 10;
const PACE_SIGMA = 0.1;

/** What a trace is made for. */
export interface SpeechTraceOptions {
  readonly requests: number;
  /** Part of what all replicas could do. */
  readonly load: number;
  readonly replicas: number;
  readonly seed: number;
  /** Mean service time; absent = as the texts have it. */
  readonly meanServiceMs?: number;
}

/**
 * Makes a trace of heavy-tailed speech work: Poisson arrivals of texts with lognormal lengths. The
 * same seed gives the same texts at every load, only nearer to one another.
 */
export function speechTrace(options: SpeechTraceOptions): TraceRequest[] {
  const random = new SeededRandom(options.seed);
  const drawn = Array.from({ length: options.requests }, () => drawRequest(random));
  const meanMs = mean(drawn.map(({ serviceMs }) => serviceMs));
  const scale = (options.meanServiceMs ?? meanMs) / meanMs;
  // The gaps are scaled by their own mean, so that the load is what was asked for.
  const gapScale = (scale * meanMs) / (options.load * options.replicas);
  const meanGap = mean(drawn.map(({ gap }) => gap));
  let arrivalMs = 0;
  return drawn.map(({ cost, serviceMs, gap }) => {
    arrivalMs += (gap / meanGap) * gapScale;
    return { arrivalMs, serviceMs: serviceMs * scale, cost };
  });
}

interface Drawn {
  readonly cost: number;
  readonly serviceMs: number;
  readonly gap: number;
}

function drawRequest(random: SeededRandom): Drawn {
  const gap = random.exponential();
  const length = Math.round(MEDIAN_CHARACTERS * Math.exp(SIGMA * random.normal()));
  const cost = Math.min(MAX_CHARACTERS, Math.max(1, length));
  const pace = Math.exp(PACE_SIGMA * random.normal());
  return { cost, serviceMs: (FIXED_MS + MS_PER_CHARACTER * cost) * pace, gap };
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
