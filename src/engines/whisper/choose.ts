/** A token and how likely it was. */
export interface Choice {
  readonly token: number;
  readonly logprob: number;
}

/** Logits this far under the largest weigh less than 1e-8 each: not worth their exponential. */
const NEGLIGIBLE = 18;

/**
 * Table of the exponential of 0 … −18: tens of thousands of logits lie there, and the exact function
 * of each would cost a tenth of a decoder's step. Between its steps a line is drawn: 8e-6 off at most.
 */
const STEPS_PER_UNIT = 128;
const EXPONENTIALS = Float64Array.from({ length: NEGLIGIBLE * STEPS_PER_UNIT + 2 }, (_, step) =>
  Math.exp(-step / STEPS_PER_UNIT),
);

/** Takes the likeliest token (temperature 0), or draws one. */
export function chooseToken(logits: Float32Array, temperature: number): Choice {
  const best = argmax(logits);
  const peak = logits[best] ?? 0;
  const logSum = peak + Math.log(sumOfExp(logits, peak, 1));
  const token = temperature > 0 ? draw(logits, peak, temperature) : best;
  return { token, logprob: (logits[token] ?? 0) - logSum };
}

/** The likeliest tokens, best first. */
export function likeliest(logits: Float32Array, count: number): Choice[] {
  const found: { token: number; logit: number }[] = [];
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (found.length >= count && logit <= (found.at(-1)?.logit ?? 0)) continue;
    const before = found.findIndex((one) => one.logit < logit);
    found.splice(before === -1 ? found.length : before, 0, { token, logit });
    if (found.length > count) found.pop();
  }
  const peak = found[0]?.logit ?? 0;
  const logSum = peak + Math.log(sumOfExp(logits, peak, 1));
  return found
    .filter(({ logit }) => logit > Number.NEGATIVE_INFINITY)
    .map(({ token, logit }) => ({ token, logprob: logit - logSum }));
}

/** Probability of one token among all. */
export function probabilityOf(logits: Float32Array, token: number): number {
  const peak = logits[argmax(logits)] ?? 0;
  return Math.exp((logits[token] ?? 0) - peak) / sumOfExp(logits, peak, 1);
}

function argmax(values: Float32Array): number {
  let best = 0;
  let peak = values[0] ?? 0;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    if (value > peak) {
      peak = value;
      best = i;
    }
  }
  return best;
}

function sumOfExp(logits: Float32Array, peak: number, temperature: number): number {
  const floor = peak - NEGLIGIBLE * temperature;
  const scale = STEPS_PER_UNIT / temperature;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] as number;
    if (value <= floor) continue;
    const at = (peak - value) * scale;
    const step = Math.floor(at);
    const left = EXPONENTIALS[step] as number;
    sum += left + (at - step) * ((EXPONENTIALS[step + 1] as number) - left);
  }
  return sum;
}

function draw(logits: Float32Array, peak: number, temperature: number): number {
  const floor = peak - NEGLIGIBLE * temperature;
  let left = Math.random() * sumOfExp(logits, peak, temperature);
  let last = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] as number;
    if (value <= floor) continue;
    last = i;
    left -= Math.exp((value - peak) / temperature);
    if (left <= 0) break;
  }
  return last;
}
