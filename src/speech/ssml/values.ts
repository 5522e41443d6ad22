/** Silences of `<break strength>` in seconds; SSML leaves them to the speaker. */
const STRENGTH_SECONDS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 0.1,
  weak: 0.2,
  medium: 0.4,
  strong: 0.7,
  'x-strong': 1,
};
/** Paces of `<prosody rate>`; SSML leaves those to the speaker too. */
const RATES: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  default: 1,
  fast: 1.3,
  'x-fast': 1.75,
};
/** Slower or faster is not understood; the API's own `speed` has the same bounds. */
const RATE_BOUNDS = { least: 0.25, most: 4 };

/** Seconds of a time such as `500ms` or `1.5s`; undefined if it is none. */
export function secondsOf(time: string): number | undefined {
  const [, number, unit] = /^\+?(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(ms|s)$/.exec(time.trim()) ?? [];
  if (number === undefined) return undefined;
  return unit === 'ms' ? Number(number) / 1000 : Number(number);
}

/** Seconds of a break's strength; undefined if there is no such. */
export function strengthSeconds(strength: string): number | undefined {
  return own(STRENGTH_SECONDS, strength.trim());
}

/** Factor of a pace: a name, `80%`, `1.2`, or a change such as `+10%`; undefined if it is none. */
export function rateOf(rate: string): number | undefined {
  const named = own(RATES, rate.trim());
  if (named !== undefined) return named;
  const [, sign, number, percent] =
    /^([+-]?)(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(%?)$/.exec(rate.trim()) ?? [];
  if (number === undefined) return undefined;
  const factor = percent === '%' ? Number(number) / 100 : Number(number);
  if (sign === '') return factor;
  return percent === '%' ? 1 + (sign === '-' ? -factor : factor) : undefined;
}

/** A pace inside another: they multiply, within what can be understood. */
export function withinBounds(rate: number): number {
  return Math.min(RATE_BOUNDS.most, Math.max(RATE_BOUNDS.least, rate));
}

function own(values: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
