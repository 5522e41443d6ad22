import fc from 'fast-check';

/** Speech and silence in turns, each with some noise, as a detector gives them. */
export const anyProbabilities: fc.Arbitrary<number[]> = fc
  .array(
    fc.record({
      level: fc.constantFrom(0.02, 0.4, 0.55, 0.95),
      noise: fc.double({ min: 0, max: 0.2, noNaN: true }),
      windows: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((turns) =>
    turns.flatMap(({ level, noise, windows }) =>
      // A fixed pattern instead of random numbers, so that a failure shrinks.
      Array.from({ length: windows }, (_, i) =>
        Math.min(1, level + noise * (((i * 7) % 5) / 4 - 0.5)),
      ),
    ),
  );

/** Cuts values into chunks of the given lengths; what is left comes last. */
export function chunksOf(values: readonly number[], lengths: readonly number[]): number[][] {
  const chunks: number[][] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(values.slice(at, at + length));
    at += length;
  }
  return [...chunks, values.slice(at)];
}
