/**
 * Variants of a model: the same network in other numbers. Its card says which there are for each kind of
 * device, and which of its files belong to one of them only.
 */
import { PRECISIONS, type Precision, type PrecisionSetting } from '../protocol/precision.js';
import type { ModelCard } from './card.js';

/** Kinds of devices that variants are made for, named as onnxruntime names its providers. */
export type DeviceKind = 'cpu' | 'cuda';

/** For each kind of device what a model can be run in there, the best first. */
export type Variants = NonNullable<ModelCard['variants']>;

/** Precisions of which a model needs one, the best first. */
export type Wish = readonly Precision[];

type BuildKind = NonNullable<ModelCard['build']>['kind'];

/** What a build makes of the weights where the card does not say which of it is wanted. */
const OF_BUILDS: Readonly<Partial<Record<BuildKind, Variants>>> = {
  'whisper-graph': { cpu: ['int8', 'fp32'], cuda: ['fp16', 'fp32', 'int8'] },
  'piper-cut': { cpu: ['fp32'], cuda: ['fp16', 'fp32'] },
};

/** The variant whose graphs have plain names; those of others have the precision in theirs. */
const PLAIN: Readonly<Record<BuildKind, Precision>> = {
  'whisper-graph': 'int8',
  'piper-cut': 'fp32',
  'kokoro-graph': 'int8',
};
/** Builds that make the plain graphs in any case: a GPU's worker that has lost its GPU takes those. */
const ALWAYS_PLAIN: ReadonlySet<BuildKind> = new Set(['whisper-graph', 'piper-cut']);

const GRAPH_OF_VARIANT = /\.(int8|fp16|fp32)\.(?:onnx|onnx\.data|json)$/;

type Varied = Pick<ModelCard, 'variants' | 'build'>;

/** What a model can be run in; undefined if its card has no variants: then it is run as it is. */
export function variantsOf({ variants, build }: Varied): Variants | undefined {
  return variants ?? (build && OF_BUILDS[build.kind]);
}

/**
 * What a model is wanted in on some kinds of devices: a setting that it has there, or what its card
 * prefers. Empty for a card without variants.
 */
export function wishesFor(
  card: Varied,
  { kinds, setting }: { readonly kinds: readonly DeviceKind[]; readonly setting: PrecisionSetting },
): Wish[] {
  const variants = variantsOf(card);
  if (variants === undefined) return [];
  return kinds.map((kind) => {
    const there: Wish = variants[kind];
    return setting !== 'auto' && there.includes(setting) ? [setting] : there;
  });
}

/** The first of each wish: what a model is best had in. */
export function bestOf(wishes: readonly Wish[]): Precision[] {
  return [...new Set(wishes.flatMap((wish) => wish.slice(0, 1)))];
}

/** What nobody has asked for in particular: a model as a CPU runs it. */
export function usualPrecisions(card: Varied): Precision[] {
  return bestOf(wishesFor(card, { kinds: ['cpu'], setting: 'auto' }));
}

/** Whether a file of a card is needed for some precisions; files of no variant are for all. */
export function isNeeded(
  { variant }: Pick<ModelCard['files'][number], 'variant'>,
  precisions: readonly Precision[],
): boolean {
  return variant === undefined || precisions.includes(variant);
}

/** The variant whose built graphs have plain names. */
export function plainOf(build: NonNullable<ModelCard['build']>): Precision {
  return PLAIN[build.kind];
}

/** Which variants a build makes so that a model can be run in some precisions. */
export function builtFor({ build }: Varied, precisions: readonly Precision[]): Precision[] {
  if (build === undefined) return [];
  const plain = plainOf(build);
  const wanted = ALWAYS_PLAIN.has(build.kind) || precisions.length === 0 ? [plain] : [];
  return [...new Set([...wanted, ...precisions])];
}

/** Name of a variant's graph, or of what goes with it: `flow.onnx` → `flow.fp16.onnx`. */
export function nameOfVariant(name: string, precision: Precision, plain: Precision): string {
  return precision === plain ? name : name.replace(/\.(onnx|json)/, `.${precision}.$1`);
}

/** The variant that a built graph belongs to, by its name. */
export function variantOfGraph(name: string, plain: Precision): Precision {
  const found = GRAPH_OF_VARIANT.exec(name)?.[1];
  return PRECISIONS.find((precision) => precision === found) ?? plain;
}
