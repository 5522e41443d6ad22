/** The newer of two versions such as `2.28`; the other one if one is not known. */
export function newerVersion(
  one: string | undefined,
  other: string | undefined,
): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.localeCompare(other, 'en', { numeric: true }) < 0 ? other : one;
}
