/** Routes that probes and collectors ask every few seconds: open, quiet, and answered to the end. */
export const PROBES: ReadonlySet<string> = new Set([
  '/live',
  '/ready',
  '/health',
  '/metrics',
  '/system/metrics',
]);
