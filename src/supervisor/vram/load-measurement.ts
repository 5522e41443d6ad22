import type { FootprintFigures } from '../../models/footprints.js';
import type { GpuSnapshot } from '../../protocol/gpus.js';
import { processBytesOn, usedBytesOn } from '../snapshot-memory.js';

/** A GPU at a moment of a load. */
export interface LoadReading {
  /** What the worker's process has of it; undefined if it has nothing, or the driver does not tell. */
  readonly ownBytes: number | undefined;
  /** What all programs have of it. */
  readonly usedBytes: number | undefined;
}

/** A load from its beginning to its end. */
export interface LoadReadings {
  readonly begun: LoadReading;
  readonly loaded: LoadReading;
  readonly warm: LoadReading;
}

/** What is known of the place of a load. */
export interface LoadPlace {
  /** Whether the process had nothing of the GPU before it. */
  readonly opensContext: boolean;
  /** Whether no other worker loads on the GPU: what it gains in use is this model's. */
  readonly isAlone: boolean;
}

/** Reads what counts for a load. */
export function readingOf(snapshot: GpuSnapshot, uuid: string, pid: number): LoadReading {
  return {
    ownBytes: processBytesOn(snapshot, uuid, pid),
    usedBytes: usedBytesOn(snapshot, uuid),
  };
}

/**
 * Says what a model takes. Where the driver does not know our processes by their ids (a container
 * with a namespace of its own, WSL), it is estimated from what all programs have.
 * @returns Undefined if it cannot be known.
 */
export function footprintOf(
  readings: LoadReadings,
  place: LoadPlace,
): FootprintFigures | undefined {
  const { begun, loaded, warm } = readings;
  const ownBefore = begun.ownBytes ?? (place.opensContext ? 0 : undefined);
  const exact = growth(ownBefore, loaded.ownBytes, warm.ownBytes);
  if (exact) return { ...exact, isEstimated: false };
  const isTold = [begun, loaded, warm].some(({ ownBytes }) => ownBytes !== undefined);
  if (isTold || !place.isAlone) return undefined;
  const estimate = growth(begun.usedBytes, loaded.usedBytes, warm.usedBytes);
  // Somebody else gave memory back in the meantime.
  return estimate && estimate.loadBytes > 0 ? { ...estimate, isEstimated: true } : undefined;
}

function growth(
  before: number | undefined,
  loaded: number | undefined,
  warm: number | undefined,
): { readonly loadBytes: number; readonly peakBytes: number } | undefined {
  if (before === undefined || loaded === undefined || warm === undefined) return undefined;
  const loadBytes = Math.max(0, loaded - before);
  return { loadBytes, peakBytes: Math.max(loadBytes, warm - before) };
}
