/**
 * What a model takes of a GPU's memory, remembered beside its weights: it is measured at the first
 * load on such a GPU, and later loads are judged by it before they begin.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './write-whole.js';

/** Name of the record in a model's folder. */
export const FOOTPRINTS_NAME = '.footprints.json';

/** A record of ours is a few kilobytes. */
const MAX_RECORD_BYTES = 2 ** 20;
/** Kinds of places that are remembered; the oldest makes room. */
const MAX_FOOTPRINTS = 64;

const bytesSchema = z.int().nonnegative();

const footprintSchema = z.object({
  /** Name of the GPU, as the driver tells it. */
  gpu: z.string().min(1),
  precision: z.string().min(1),
  replicas: z.int().positive(),
  /** What the weights were; see `modelBuild`. */
  build: z.string().regex(/^[0-9a-f]{64}$/),
  /** Whether it was the first model of its process: then CUDA's own memory is in the figures. */
  opensContext: z.boolean(),
  /** Once the weights were there. */
  loadBytes: bytesSchema,
  /** Once its largest shapes had been run. */
  peakBytes: bytesSchema,
  /** Whether the figures are a difference of all that the GPU's programs had. */
  isEstimated: z.boolean(),
});

const recordSchema = z.object({ footprints: z.array(footprintSchema).max(MAX_FOOTPRINTS) });

/** A measured footprint with all that it is true for. */
export type Footprint = z.infer<typeof footprintSchema>;

/** What a footprint is true for. */
export type FootprintKey = Pick<
  Footprint,
  'gpu' | 'precision' | 'replicas' | 'build' | 'opensContext'
>;

/** A footprint's figures. */
export type FootprintFigures = Pick<Footprint, 'loadBytes' | 'peakBytes' | 'isEstimated'>;

/** What is remembered of a model, and why it cannot be read, if it cannot. */
export interface FootprintRecord {
  readonly footprints: readonly Footprint[];
  /** Absent if all is well; nothing has been remembered yet counts as that. */
  readonly damage?: string;
}

/** Reads what is remembered of a model. A record that is damaged is none: all of it can be measured again. */
export async function readFootprints(dir: string): Promise<FootprintRecord> {
  const path = join(dir, FOOTPRINTS_NAME);
  try {
    const { size } = await stat(path);
    if (size > MAX_RECORD_BYTES) throw new Error(`it has ${size} bytes`);
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return { footprints: [] };
    return { footprints: [], damage: caught instanceof Error ? caught.message : String(caught) };
  }
}

/**
 * Finds what is remembered for a place.
 * @returns Undefined if it was never measured there, or with other weights.
 */
export function footprintFor(
  { footprints }: FootprintRecord,
  key: FootprintKey,
): Footprint | undefined {
  return footprints.find((one) => one.build === key.build && isSamePlace(one, key));
}

/**
 * Remembers a footprint in place of what was remembered for its place.
 * @throws NodeJS.ErrnoException if the folder cannot be written; then all is as before.
 */
export async function writeFootprint(dir: string, footprint: Footprint): Promise<void> {
  const { footprints } = await readFootprints(dir);
  const others = footprints.filter((one) => !isSamePlace(one, footprint));
  const kept = [...others, footprint].slice(-MAX_FOOTPRINTS);
  const text = JSON.stringify({ footprints: kept }, undefined, 2);
  await writeWhole(join(dir, FOOTPRINTS_NAME), `${text}\n`);
}

/** The weights of a folder are replaced for all places at once: older ones are not kept beside them. */
function isSamePlace(one: FootprintKey, other: FootprintKey): boolean {
  return (
    one.gpu === other.gpu &&
    one.precision === other.precision &&
    one.replicas === other.replicas &&
    one.opensContext === other.opensContext
  );
}
