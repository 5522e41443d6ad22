/**
 * A Fourier transform of complex numbers for lengths 4^a · 5^b, such as the 400 of Whisper's frames,
 * which powers of two miss. Stockham's self-sorting form (Van Loan, "Computational Frameworks for
 * the Fast Fourier Transform", §1.7): no bit reversal, two buffers in turn.
 */
export class Fft {
  readonly length: number;
  readonly #stages: readonly number[];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  #re: Float64Array;
  #im: Float64Array;
  #nextRe: Float64Array;
  #nextIm: Float64Array;

  /** @throws RangeError if the length has other factors than 4 and 5. */
  constructor(length: number) {
    this.length = length;
    this.#stages = factorize(length);
    const angle = (i: number) => (-2 * Math.PI * i) / length;
    this.#cos = Float64Array.from({ length }, (_, i) => Math.cos(angle(i)));
    this.#sin = Float64Array.from({ length }, (_, i) => Math.sin(angle(i)));
    this.#re = new Float64Array(length);
    this.#im = new Float64Array(length);
    this.#nextRe = new Float64Array(length);
    this.#nextIm = new Float64Array(length);
  }

  /** Real parts: to be filled before {@link transform}, read after it. */
  get re(): Float64Array {
    return this.#re;
  }

  /** Imaginary parts: to be filled before {@link transform}, read after it. */
  get im(): Float64Array {
    return this.#im;
  }

  /** Transforms {@link re} and {@link im}; afterwards they are other arrays than before. */
  transform(): void {
    let groups = 1;
    let rest = this.length;
    for (const radix of this.#stages) {
      rest /= radix;
      if (radix === 4) this.#radix4(rest, groups);
      else this.#radix5(rest, groups);
      [this.#re, this.#nextRe] = [this.#nextRe, this.#re];
      [this.#im, this.#nextIm] = [this.#nextIm, this.#im];
      groups *= radix;
    }
  }

  #radix4(rest: number, groups: number): void {
    const [re, im, cos, sin] = [this.#re, this.#im, this.#cos, this.#sin] as const;
    const [outRe, outIm] = [this.#nextRe, this.#nextIm] as const;
    const step = groups * rest;
    for (let p = 0; p < rest; p++) {
      const c1 = cos[p * groups] as number;
      const s1 = sin[p * groups] as number;
      const c2 = cos[2 * p * groups] as number;
      const s2 = sin[2 * p * groups] as number;
      const c3 = cos[3 * p * groups] as number;
      const s3 = sin[3 * p * groups] as number;
      for (let q = 0; q < groups; q++) {
        const from = q + groups * p;
        const to = q + groups * 4 * p;
        const ar = re[from] as number;
        const ai = im[from] as number;
        const br = re[from + step] as number;
        const bi = im[from + step] as number;
        const cr = re[from + 2 * step] as number;
        const ci = im[from + 2 * step] as number;
        const dr = re[from + 3 * step] as number;
        const di = im[from + 3 * step] as number;
        const evenR = ar + cr;
        const evenI = ai + ci;
        const oddR = br + dr;
        const oddI = bi + di;
        const crossR = ar - cr;
        const crossI = ai - ci;
        // (b − d) · −i
        const turnR = bi - di;
        const turnI = dr - br;
        outRe[to] = evenR + oddR;
        outIm[to] = evenI + oddI;
        outRe[to + groups] = (crossR + turnR) * c1 - (crossI + turnI) * s1;
        outIm[to + groups] = (crossR + turnR) * s1 + (crossI + turnI) * c1;
        outRe[to + 2 * groups] = (evenR - oddR) * c2 - (evenI - oddI) * s2;
        outIm[to + 2 * groups] = (evenR - oddR) * s2 + (evenI - oddI) * c2;
        outRe[to + 3 * groups] = (crossR - turnR) * c3 - (crossI - turnI) * s3;
        outIm[to + 3 * groups] = (crossR - turnR) * s3 + (crossI - turnI) * c3;
      }
    }
  }

  #radix5(rest: number, groups: number): void {
    const [re, im, cos, sin] = [this.#re, this.#im, this.#cos, this.#sin] as const;
    const [outRe, outIm] = [this.#nextRe, this.#nextIm] as const;
    const step = groups * rest;
    for (let p = 0; p < rest; p++) {
      for (let q = 0; q < groups; q++) {
        const from = q + groups * p;
        const to = q + groups * 5 * p;
        const ar = re[from] as number;
        const ai = im[from] as number;
        const r1 = re[from + step] as number;
        const i1 = im[from + step] as number;
        const r2 = re[from + 2 * step] as number;
        const i2 = im[from + 2 * step] as number;
        const r3 = re[from + 3 * step] as number;
        const i3 = im[from + 3 * step] as number;
        const r4 = re[from + 4 * step] as number;
        const i4 = im[from + 4 * step] as number;
        // Inputs 1 and 4, 2 and 3 meet conjugate roots: their sums and differences suffice.
        const sumR1 = r1 + r4;
        const sumI1 = i1 + i4;
        const difR1 = r1 - r4;
        const difI1 = i1 - i4;
        const sumR2 = r2 + r3;
        const sumI2 = i2 + i3;
        const difR2 = r2 - r3;
        const difI2 = i2 - i3;
        outRe[to] = ar + sumR1 + sumR2;
        outIm[to] = ai + sumI1 + sumI2;
        const nearR = ar + C1 * sumR1 + C2 * sumR2;
        const nearI = ai + C1 * sumI1 + C2 * sumI2;
        const farR = ar + C2 * sumR1 + C1 * sumR2;
        const farI = ai + C2 * sumI1 + C1 * sumI2;
        const nearTurnR = S1 * difI1 + S2 * difI2;
        const nearTurnI = -(S1 * difR1 + S2 * difR2);
        const farTurnR = S2 * difI1 - S1 * difI2;
        const farTurnI = -(S2 * difR1 - S1 * difR2);
        for (let k = 1; k < 5; k++) {
          const edge = k === 1 || k === 4;
          const sign = k < 3 ? 1 : -1;
          const x = edge ? nearR + sign * nearTurnR : farR + sign * farTurnR;
          const y = edge ? nearI + sign * nearTurnI : farI + sign * farTurnI;
          const c = cos[k * p * groups] as number;
          const s = sin[k * p * groups] as number;
          outRe[to + k * groups] = x * c - y * s;
          outIm[to + k * groups] = x * s + y * c;
        }
      }
    }
  }
}

const C1 = Math.cos((2 * Math.PI) / 5);
const C2 = Math.cos((4 * Math.PI) / 5);
const S1 = Math.sin((2 * Math.PI) / 5);
const S2 = Math.sin((4 * Math.PI) / 5);

function factorize(length: number): number[] {
  const stages: number[] = [];
  let rest = length;
  for (const radix of [4, 5]) {
    for (; rest % radix === 0; rest /= radix) stages.push(radix);
  }
  if (rest !== 1) throw new RangeError(`A length of ${length} is not 4^a · 5^b.`);
  return stages;
}
