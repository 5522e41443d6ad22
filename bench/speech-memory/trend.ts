/** Memory after so many texts. */
export interface MemoryAt {
  readonly texts: number;
  readonly rssBytes: number;
}

/** How memory went, from the moment on at which it is to be flat. */
export interface MemoryTrend {
  readonly firstBytes: number;
  /** At the first sample that counts. */
  readonly fromBytes: number;
  readonly lastBytes: number;
  readonly slopeBytesPerText: number;
  /** What the straight line through the samples rises by, from the first that counts to the last. */
  readonly growthBytes: number;
  readonly boundBytes: number;
  readonly flat: boolean;
}

/** What may grow: a share of what was there, or an amount, whichever is more. */
export interface TrendBounds {
  readonly fromTexts: number;
  readonly share: number;
  readonly slackBytes: number;
}

/**
 * Judges memory by the straight line of least squares through the samples from `fromTexts` on, since
 * single ones swing with the garbage collectors.
 * @throws RangeError if fewer than two samples count.
 */
export function memoryTrend(
  samples: readonly MemoryAt[],
  { fromTexts, share, slackBytes }: TrendBounds,
): MemoryTrend {
  const counted = samples.filter(({ texts }) => texts >= fromTexts);
  const [first, from, last] = [samples[0], counted[0], counted.at(-1)];
  if (!first || !from || !last || counted.length < 2) {
    throw new RangeError(`A trend needs two samples from text ${fromTexts} on.`);
  }
  const slope = slopeOf(counted);
  const growth = slope * (last.texts - from.texts);
  const bound = Math.max(slackBytes, share * from.rssBytes);
  return {
    firstBytes: first.rssBytes,
    fromBytes: from.rssBytes,
    lastBytes: last.rssBytes,
    slopeBytesPerText: Math.round(slope),
    growthBytes: Math.round(growth),
    boundBytes: Math.round(bound),
    flat: growth <= bound,
  };
}

function slopeOf(samples: readonly MemoryAt[]): number {
  const mean = (figure: (sample: MemoryAt) => number): number =>
    samples.reduce((total, sample) => total + figure(sample), 0) / samples.length;
  const [meanTexts, meanBytes] = [mean(({ texts }) => texts), mean(({ rssBytes }) => rssBytes)];
  const shared = mean(({ texts, rssBytes }) => (texts - meanTexts) * (rssBytes - meanBytes));
  return shared / mean(({ texts }) => (texts - meanTexts) ** 2);
}
