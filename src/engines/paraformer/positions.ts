/** Longest wavelength of a position's sines ("Attention Is All You Need", section 3.5). */
const MAX_TIMESCALE = 10_000;

/**
 * Scales rows and adds their positions, in place, as the streaming encoder wants them: its graph knows
 * nothing of the rows before a chunk. Sines in a row's first half, cosines in its second; rows count
 * from 1 (`SinusoidalPositionEncoderOnline` of FunASR).
 */
export function addPositions(
  rows: Float32Array,
  { width, scale, position }: { width: number; scale: number; position: number },
): void {
  const half = width / 2;
  const step = Math.log(MAX_TIMESCALE) / (half - 1);
  for (let at = 0, row = position + 1; at < rows.length; at += width, row++) {
    for (let i = 0; i < half; i++) {
      const angle = row * Math.exp(-step * i);
      rows[at + i] = (rows[at + i] as number) * scale + Math.sin(angle);
      rows[at + half + i] = (rows[at + half + i] as number) * scale + Math.cos(angle);
    }
  }
}
