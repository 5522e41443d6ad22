import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { z } from 'zod';
import { ChorusError } from '../protocol/errors.js';
import { bucketProblems } from './buckets.js';
import { cardSchema } from './card.js';
import type { ModelCard } from './card.js';

function failed(path: string, problems: readonly string[], cause?: unknown): ChorusError {
  const message = [`The card ${path} cannot be used:`, ...problems.map((line) => `  - ${line}`)];
  return new ChorusError('model_failed', message.join('\n'), { path }, { cause });
}

function describe(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.');
  return field === '' ? issue.message : `${field}: ${issue.message}`;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/**
 * The first pull may record the hash of what a hub sends; of what graphs are built from only for a
 * variant, which nobody needs who does not ask for it.
 */
function unhashed({ files, build }: ModelCard): string[] {
  const without = files.filter(({ sha256 }) => sha256 === undefined);
  const packed = without.filter(({ sources }) =>
    sources.some(({ type }) => type === 'npm' || type === 'pypi'),
  );
  return [
    ...packed.map(({ path }) => `files: ${path} comes from a package and needs its sha256`),
    ...(without.some(({ variant }) => variant === undefined) && build !== undefined
      ? ['build: every file that graphs are built from needs its sha256']
      : []),
  ];
}

function misplacedVariants({ files, variants }: ModelCard): string[] {
  const listed = new Set([...(variants?.cpu ?? []), ...(variants?.cuda ?? [])]);
  const strays = files.filter(({ variant }) => variant && !listed.has(variant));
  return [
    ...strays.map(({ path, variant }) => `files: ${path} is for ${variant}, which variants lacks`),
    ...(['cpu', 'cuda'] as const).flatMap((kind) =>
      repeated(variants?.[kind] ?? []).map((name) => `variants.${kind}: ${name} stands twice`),
    ),
  ];
}

/** What a schema cannot see: how the parts of a card fit together. */
function contradictions(card: ModelCard, folder: string): string[] {
  const voices = new Set(card.voices.map((voice) => voice.id));
  const strays = Object.entries(card.voiceAliases).filter(([, voice]) => !voices.has(voice));
  return [
    ...(card.id === folder ? [] : [`id: is ${card.id}, but its folder is named ${folder}`]),
    ...(card.task === 'tts' && voices.size === 0 ? ['voices: a tts model needs one or more'] : []),
    ...repeated(card.files.map((file) => file.path)).map((path) => `files: ${path} stands twice`),
    ...unhashed(card),
    ...bucketProblems(card.engine, card.buckets),
    ...misplacedVariants(card),
    ...repeated(card.voices.map((voice) => voice.id)).map((id) => `voices: ${id} stands twice`),
    ...strays.map(([alias, voice]) => `voiceAliases.${alias}: there is no voice ${voice}`),
  ];
}

/**
 * Reads and checks a card, so that a mistake in it is found before a worker meets it.
 * @param folder Name of the folder that it lies in, which is the model's id.
 * @throws ChorusError `model_failed`, naming the file and each field at fault.
 */
export async function readCard(path: string, folder: string): Promise<ModelCard> {
  const text = await readFile(path, 'utf8');
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (caught) {
    throw failed(path, [caught instanceof Error ? caught.message : String(caught)], caught);
  }
  const checked = cardSchema.safeParse(raw);
  if (!checked.success) throw failed(path, checked.error.issues.map(describe));
  const problems = contradictions(checked.data, folder);
  if (problems.length > 0) throw failed(path, problems);
  return checked.data;
}
