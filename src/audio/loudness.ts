const FULL_SCALE = 32_768;

/** Mean square of signed 16-bit samples, 1 = full scale; of none it is 0. */
export function meanSquare(pcm: Int16Array): number {
  const sum = pcm.reduce((total, value) => total + value * value, 0);
  return sum / (Math.max(1, pcm.length) * FULL_SCALE * FULL_SCALE);
}

/** Root mean square of the loudest stretch of so many samples, of all that step lies apart. */
export function loudestRms(
  pcm: Int16Array,
  { samples, step }: { readonly samples: number; readonly step: number },
): number {
  let loudest = 0;
  for (let from = 0; from === 0 || from + samples <= pcm.length; from += step) {
    loudest = Math.max(loudest, meanSquare(pcm.subarray(from, from + samples)));
  }
  return Math.sqrt(loudest);
}
