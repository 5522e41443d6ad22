const BYTES_PER_MB = 1024 ** 2;
const BYTES_PER_GB = 1024 ** 3;
const HERTZ_PER_MHZ = 1e6;

/** Binary megabytes, whole, as nvidia-smi counts VRAM. */
export function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes / BYTES_PER_MB);
}

/** Binary gigabytes with two decimals. */
export function gigabytes(bytes: number | null): number | null {
  return bytes === null ? null : rounded(bytes / BYTES_PER_GB, 100);
}

/** 0–1 → 0–100 with one decimal. */
export function percent(ratio: number | null): number | null {
  return ratio === null ? null : rounded(ratio * 100, 10);
}

/** A part of a whole, 0–100 with one decimal; null if either is not known. */
export function percentOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : percent(part / whole);
}

/** Whole megahertz. */
export function megahertz(hertz: number | null): number | null {
  return hertz === null ? null : Math.round(hertz / HERTZ_PER_MHZ);
}

/** With one decimal. */
export function tenths(value: number | null): number | null {
  return value === null ? null : rounded(value, 10);
}

function rounded(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
