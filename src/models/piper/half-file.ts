import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Precision } from '../../protocol/precision.js';
import { nameOfVariant } from '../variants.js';
import { CUT_FILES, CUT_FORMAT } from './cut-file.js';

/** Changes whenever what older code put into 16 bits is to be made anew. */
export const HALF_FORMAT = 1;

/** The variant with plain names. */
const PLAIN: Precision = 'fp32';

/** Name of a cut voice's file in a precision. */
export function cutFileIn(name: string, precision: Precision): string {
  return nameOfVariant(name, precision, PLAIN);
}

/** The graphs that there can be in 16 bits. The front decides how long sounds are: it stays exact. */
export const HALF_PARTS = ['flow', 'decoder'] as const;
/** One of {@link HALF_PARTS}. */
export type HalfPart = (typeof HALF_PARTS)[number];

const halfSchema = z.object({
  format: z.literal(`${CUT_FORMAT} ${HALF_FORMAT}`),
  /** Graphs that were put into 16 bits; none if it would be heard. */
  parts: z.array(z.enum(HALF_PARTS)),
  /** Lowest ratio of signal to difference from the 32-bit voice that was measured, in decibels. */
  snrDb: z.number().optional(),
  /** How many of their nodes stayed in 32 bits, because of what they compute or how large it becomes. */
  keptNodes: z.int().nonnegative(),
  /** Why not all of {@link HALF_PARTS}, for people. */
  reason: z.string().optional(),
});

/** What `cut.fp16.json` says. */
export type PiperHalf = z.infer<typeof halfSchema>;

/** Name of the file that {@link readHalf} reads; written last. */
export const HALF_FACTS = cutFileIn(CUT_FILES.facts, 'fp16');

/**
 * Reads which graphs of a voice there are in 16 bits.
 * @returns undefined if they were never made, or by another version of this program.
 */
export async function readHalf(modelDir: string): Promise<PiperHalf | undefined> {
  try {
    const text = await readFile(join(modelDir, HALF_FACTS), 'utf8');
    const parsed = halfSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (caught) {
    if (caught instanceof SyntaxError) return undefined;
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw caught;
  }
}
