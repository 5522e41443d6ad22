/**
 * The arithmetic of a worker's budget of its GPU's memory. All figures are bytes; none is below 0.
 */

/** Of what other programs leave, the share that is handed out; the rest is for arenas that grow. */
export const FREE_SHARE = 0.9;

/** What a GPU had to give when a worker's process began. */
export interface GpuRoom {
  /** What other programs leave: what is free and what our workers have of it already. */
  readonly availableBytes: number;
  /** What models of our other workers on the GPU take. */
  readonly neighboursBytes: number;
}

/** What a budget is made of. */
export interface BudgetTerms {
  /** The operator's limit for each worker; undefined = a share. */
  readonly limitBytes: number | undefined;
  /** Undefined if the GPU could not be looked at. */
  readonly room: GpuRoom | undefined;
  /** Workers on the GPU, this one included. */
  readonly workers: number;
}

/** A model that takes its part of a budget. */
export interface PlacedModel {
  readonly model: string;
  readonly peakBytes: number;
}

/**
 * Says how much a worker's models may take together: the limit, or less where the GPU has less for
 * it, else an equal share of what other programs leave. Undefined = nobody knows, and nothing is
 * refused.
 */
export function budgetOf({ limitBytes, room, workers }: BudgetTerms): number | undefined {
  if (limitBytes === undefined) {
    return room && Math.floor((Math.max(0, room.availableBytes) * FREE_SHARE) / workers);
  }
  if (!room) return limitBytes;
  return Math.min(limitBytes, Math.max(0, room.availableBytes - room.neighboursBytes));
}

/** Adds up what models take. */
export function placedBytes(placed: readonly PlacedModel[]): number {
  return placed.reduce((sum, { peakBytes }) => sum + peakBytes, 0);
}

/** What is left of a budget. */
export function leftOf(budgetBytes: number, placed: readonly PlacedModel[]): number {
  return Math.max(0, budgetBytes - placedBytes(placed));
}

/** How far models go beyond a budget. */
export function overdraftOf(budgetBytes: number, placed: readonly PlacedModel[]): number {
  return Math.max(0, placedBytes(placed) - budgetBytes);
}

/**
 * Chooses which models would have to go for so many bytes: the smallest that is large enough alone,
 * else the largest ones. Undefined if not even all of them are enough.
 */
export function modelsToGo(
  missingBytes: number,
  placed: readonly PlacedModel[],
): PlacedModel[] | undefined {
  if (placedBytes(placed) < missingBytes) return undefined;
  const ascending = placed.toSorted((one, other) => one.peakBytes - other.peakBytes);
  const alone = ascending.find(({ peakBytes }) => peakBytes >= missingBytes);
  if (alone) return [alone];
  const chosen: PlacedModel[] = [];
  for (const model of ascending.toReversed()) {
    if (placedBytes(chosen) >= missingBytes) break;
    chosen.push(model);
  }
  return chosen;
}
