/**
 * Few lengths instead of many: where each new shape is dear, steps are padded to the next bucket, and
 * every bucket is run before anybody waits.
 */
import type { Buckets } from '../models/buckets.js';
import type { ModelCard } from '../models/card.js';
import { ChorusError } from '../protocol/errors.js';
import type { ReplicaLoad } from './engine.js';

/** The length that is run for so many: the least bucket that holds them, or they themselves beyond the last. */
export function bucketOf(length: number, buckets: readonly number[] = []): number {
  return buckets.find((bucket) => bucket >= length) ?? length;
}

/** The lengths that a card names, and an engine's own for those that it does not. */
export function bucketsOf<Name extends string>(
  card: Pick<ModelCard, 'buckets'>,
  defaults: Readonly<Record<Name, readonly number[]>>,
): Readonly<Record<Name, readonly number[]>> {
  const given: Buckets = card.buckets ?? {};
  const names = Object.keys(defaults) as Name[];
  const entries = names.map((name) => [name, given[name] ?? defaults[name]]);
  return Object.fromEntries(entries) as Record<Name, readonly number[]>;
}

/** The lengths below a longest one, and that one: an engine's own list where a model decides how long. */
export function upTo(longest: number, lengths: readonly number[]): readonly number[] {
  return [...lengths.filter((length) => length < longest), longest];
}

/**
 * Makes sure that the last bucket holds the longest step.
 * @throws ChorusError `model_failed` that names both.
 */
export function assertHolds(
  card: Pick<ModelCard, 'id' | 'buckets'>,
  name: string,
  longest: number,
): void {
  const last = card.buckets?.[name]?.at(-1);
  if (last === undefined || last >= longest) return;
  const message =
    `The card of ${card.id} ends buckets.${name} with ${last}, but steps of this model have up to ` +
    `${longest}: add ${longest}, or leave the list out.`;
  throw new ChorusError('model_failed', message);
}

/** Whether a replica pads its steps: by default where its sessions run on a GPU. */
export function isPadded(
  { padded }: Pick<ReplicaLoad, 'padded'>,
  { provider }: { readonly provider: string },
): boolean {
  return padded ?? provider !== 'cpu';
}

/** Values [rows, length] with zeros after each row, so that each is longer. */
export function paddedRows(values: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return values;
  const rows = values.length / from;
  const padded = new Float32Array(rows * to);
  for (let row = 0; row < rows; row += 1) {
    padded.set(values.subarray(row * from, (row + 1) * from), row * to);
  }
  return padded;
}

/**
 * Runs each bucket of a list, one after the other.
 * @throws ChorusError `model_failed` that names the one that failed; `canceled` if it need not go on.
 */
export async function runBuckets(
  name: string,
  lengths: readonly number[],
  run: (length: number) => Promise<unknown>,
): Promise<void> {
  for (const length of lengths) {
    try {
      await run(length);
    } catch (caught) {
      throw failedBucket(`${name} ${length}`, caught);
    }
  }
}

function failedBucket(bucket: string, caught: unknown): ChorusError {
  const message = `The bucket ${bucket} could not be run before the start: ${wordsOf(caught)}`;
  // What a device says of itself is more than that a step failed.
  const code =
    caught instanceof ChorusError && caught.code !== 'internal' ? caught.code : undefined;
  return new ChorusError(code ?? 'model_failed', message, {}, { cause: caught });
}

/** What a replica's step failed of stands in its error's cause: clients are not told, operators are. */
function wordsOf(caught: unknown): string {
  if (!(caught instanceof Error)) return String(caught);
  const { cause, message } = caught;
  return typeof cause === 'string' ? (cause.split('\n')[0] ?? message) : message;
}
