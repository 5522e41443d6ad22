import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const QUOTA_V2 = 'cpu.max';
const QUOTA_V1 = 'cpu/cpu.cfs_quota_us';
const PERIOD_V1 = 'cpu/cpu.cfs_period_us';

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Cores' worth of time that a quota grants; infinite where there is none. */
function quotaCores(quota: string, period: string): number {
  const cores = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return Number.isFinite(cores) && cores > 0 ? cores : Number.POSITIVE_INFINITY;
}

/**
 * Cores that this process may keep busy. Node counts the cores it may be scheduled on, but not a
 * container's time quota, and threads beyond that quota stall one another.
 * Source: the kernel's cgroup-v2 `cpu.max` ("quota period") and its v1 pair of files.
 */
export function availableCores(cgroupDir = '/sys/fs/cgroup'): number {
  const [quota = '', period = ''] = read(`${cgroupDir}/${QUOTA_V2}`).split(' ');
  const v2 = quotaCores(quota, period);
  const v1 = quotaCores(read(`${cgroupDir}/${QUOTA_V1}`), read(`${cgroupDir}/${PERIOD_V1}`));
  return Math.max(1, Math.min(availableParallelism(), Math.floor(Math.min(v1, v2))));
}
