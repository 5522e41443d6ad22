import { freemem, totalmem } from 'node:os';
import { sayBytes } from '../../models/pull/disk-space.js';
import type { Finding } from './check.js';

const LEAST_FREE_BYTES = 2 ** 30;

/** Memory as the system tells it. */
export interface MemoryFacts {
  readonly totalBytes: number;
  /** What can still be had, within the limit of a container too. */
  readonly freeBytes: number;
  /** The limit of a cgroup; 0, or more than there is, where nothing is limited. */
  readonly limitBytes: number;
}

function readMemory(): MemoryFacts {
  return {
    totalBytes: totalmem(),
    freeBytes: Math.min(freemem(), process.availableMemory()),
    limitBytes: process.constrainedMemory(),
  };
}

/** Says how much memory there is, how much is free, and what a container's limit leaves of it. */
export function checkMemory(_: unknown, facts: MemoryFacts = readMemory()): Finding {
  const { totalBytes, freeBytes, limitBytes } = facts;
  const isLimited = limitBytes > 0 && limitBytes < totalBytes;
  const limit = isLimited ? `, limited to ${sayBytes(limitBytes)} by a cgroup` : '';
  const detail = `${sayBytes(freeBytes)} free of ${sayBytes(totalBytes)}${limit}`;
  if (freeBytes >= LEAST_FREE_BYTES) return { state: 'ok', detail };
  const advice = isLimited
    ? "Raise the container's limit, or choose smaller models or fewer replicas."
    : 'End other programs, or choose smaller models or fewer replicas.';
  return { state: 'warning', detail, advice };
}
