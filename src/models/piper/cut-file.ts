import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

/** Changes whenever what older code cut can no longer be run. */
export const CUT_FORMAT = 2;

/** Files that a cut leaves beside `model.onnx`; the graphs only of a voice that streams windows. */
export const CUT_FILES = {
  /**
   * Text → durations and what the flow and the decoder need. Inputs `input` i64 [1,P],
   * `input_lengths` i64 [1], `scales` f32 [3] (noise, length, noise_w), `sid` i64 [1] if the voice
   * has speakers, `duration_noise` f32 [1,2,P], standard normal. Outputs `durations` f32 [1,1,P]:
   * frames of each phoneme id, whole numbers whose sum is T (at least 1); all flow and decoder inputs.
   */
  front: 'front.onnx',
  /** Inputs `noise` f32 [1,C,T], standard normal, and the flow inputs → `latent` f32 [1,C,T]. */
  flow: 'flow.onnx',
  /**
   * Inputs `latent` f32 [1,C,T], the decoder inputs and, for each trim, where what it keeps begins and
   * ends (i64 [1], see `trims.ts`) → `audio` f32 [frames kept × hop], flat.
   */
  decoder: 'decoder.onnx',
  /** What {@link readCut} reads; written last. */
  facts: 'cut.json',
} as const;

/** The graphs and their weights, in the order in which they may appear: no graph without weights. */
export const GRAPH_FILES = [CUT_FILES.front, CUT_FILES.flow, CUT_FILES.decoder].flatMap((name) => [
  `${name}.data`,
  name,
]);

/**
 * An output of the front that another graph takes under the same name; all are f32. `frames` = its
 * last axis is time, a window takes a slice of it; `constant` = every window takes all of it.
 */
const inputSchema = z.object({ name: z.string(), kind: z.enum(['frames', 'constant']) });

const windowsSchema = z.object({
  format: z.literal(CUT_FORMAT),
  streaming: z.literal('windows'),
  /** C: width of the latent and of its noise. */
  channels: z.int().positive(),
  /** Samples of audio per frame. */
  hopSamples: z.int().positive(),
  /** Frames that the flow must see on each side of those it makes, where the text has them. */
  flowContextFrames: z.int().nonnegative(),
  /** The same for the decoder, in frames of the latent. */
  decoderContextFrames: z.int().nonnegative(),
  /** Where the decoder drops context on its way, from the latent to the audio. */
  decoderTrims: z.array(
    z.object({
      samplesPerFrame: z.int().positive(),
      contextFrames: z.int().nonnegative(),
    }),
  ),
  flowInputs: z.array(inputSchema),
  decoderInputs: z.array(inputSchema),
  /** Whether the front takes `sid`. */
  hasSpeakers: z.boolean(),
  /** Largest differences of samples that were seen when the cut was verified; full scale is 1. */
  differences: z.object({
    /** All three graphs against the whole one, without noise. */
    graphs: z.number(),
    /** A flow in windows against one in one piece, after the decoder. */
    flow: z.number(),
    /** A decoder in windows against one in one piece. */
    decoder: z.number(),
  }),
});

const sentencesSchema = z.object({
  format: z.literal(CUT_FORMAT),
  streaming: z.literal('sentences'),
  /** Why the graph could not be cut, for people. */
  reason: z.string(),
});

const cutSchema = z.discriminatedUnion('streaming', [windowsSchema, sentencesSchema]);

/** An input of the flow or the decoder that the front makes. */
export type CutInput = z.infer<typeof inputSchema>;
/** A voice that streams inside sentences. */
export type WindowedCut = z.infer<typeof windowsSchema>;
/** How a Piper voice streams. */
export type PiperCut = z.infer<typeof cutSchema>;

/**
 * Reads how a voice streams.
 * @returns undefined if its graph was never cut, or by another version of this program.
 */
export async function readCut(modelDir: string): Promise<PiperCut | undefined> {
  try {
    const text = await readFile(join(modelDir, CUT_FILES.facts), 'utf8');
    const parsed = cutSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (caught) {
    if (caught instanceof SyntaxError) return undefined;
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw caught;
  }
}
