/**
 * Windowed-sinc low-pass prototypes with a Kaiser window. Formulas: J. F. Kaiser, "Nonrecursive
 * digital filter design using the I0-sinh window function", ISCAS 1974, as given in Oppenheim and
 * Schafer, *Discrete-Time Signal Processing*, section 7.5.3 (β and length from attenuation).
 */

/** Shape parameter β for a stop-band attenuation above 50 dB. */
export function kaiserBeta(attenuationDb: number): number {
  return 0.1102 * (attenuationDb - 8.7);
}

/**
 * Length of the filter, in samples, that reaches an attenuation within a transition band.
 * @param transition Width of that band as a share of the sample rate.
 */
export function kaiserLength(attenuationDb: number, transition: number): number {
  return Math.ceil((attenuationDb - 7.95) / (2.285 * 2 * Math.PI * transition)) + 1;
}

/** Modified Bessel function of the first kind and order zero, by its power series. */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

/** A continuous low-pass impulse response, zero outside of ±`halfWidth`. */
export interface LowPass {
  /** Cut-off (−6 dB) as a share of the sample rate that `t` counts in. */
  readonly cutoff: number;
  /** Half of the filter's length in samples. */
  readonly halfWidth: number;
  readonly beta: number;
}

/** The impulse response of a low-pass at time `t`, in samples from its centre. */
export function lowPassAt({ cutoff, halfWidth, beta }: LowPass, t: number): number {
  const place = t / halfWidth;
  if (place <= -1 || place >= 1) return 0;
  const window = besselI0(beta * Math.sqrt(1 - place * place)) / besselI0(beta);
  const angle = 2 * Math.PI * cutoff * t;
  const sinc = t === 0 ? 1 : Math.sin(angle) / angle;
  return 2 * cutoff * sinc * window;
}
