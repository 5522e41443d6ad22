/** A token and how likely it was. */
export interface Choice {
  readonly token: number;
  readonly logprob: number;
}

/** Logits this far under the largest weigh less than 1e-8 each: not worth their exponential. */
const NEGLIGIBLE = 18;

/** Takes the likeliest token (temperature 0), or draws one. */
export function chooseToken(logits: Float32Array, temperature: number): Choice {
  const best = argmax(logits);
  const peak = logits[best] ?? 0;
  const logSum = peak + Math.log(sumOfExp(logits, peak, 1));
  const token = temperature > 0 ? draw(logits, peak, temperature) : best;
  return { token, logprob: (logits[token] ?? 0) - logSum };
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
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] as number;
    if (value > floor) sum += Math.exp((value - peak) / temperature);
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
