import { note, print } from '../support/report.js';
import { rounded } from '../support/statistics.js';
import { CheckBed } from './bed.js';
import { GPU_CHECKS, type GpuCheck } from './checks.js';
import type { GpuSite } from './site.js';

/** Runs all checks and prints a line for each. @returns How many failed. */
export async function runChecks(site: GpuSite): Promise<number> {
  note('gpu: the CPU answers first, for the comparison; then the device loads …');
  const bed = await CheckBed.make(site);
  let failed = 0;
  try {
    for (const check of GPU_CHECKS) if (!(await runCheck(bed, check))) failed += 1;
  } finally {
    await bed.remove();
  }
  return failed;
}

async function runCheck(bed: CheckBed, { id, title, needsDriver, run }: GpuCheck) {
  const line = { bench: 'gpu', kind: 'check', id, title } as const;
  if (needsDriver && !bed.hasDriver) {
    print({ ...line, state: 'skipped', reason: 'There is no driver here.' });
    return true;
  }
  note(`gpu: ${title} …`);
  const beginMs = performance.now();
  try {
    const figures = await run(bed);
    print({ ...line, state: 'passed', tookMs: rounded(performance.now() - beginMs), ...figures });
    return true;
  } catch (caught) {
    const reason = caught instanceof Error ? caught.message : String(caught);
    print({ ...line, state: 'failed', tookMs: rounded(performance.now() - beginMs), reason });
    return false;
  }
}
