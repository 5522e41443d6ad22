import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

/** Sizes of a network. */
export interface WhisperDims {
  readonly mels: number;
  readonly width: number;
  readonly heads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly vocabulary: number;
  /** Encoder positions: 1,500 for 30 s. */
  readonly audioPositions: number;
  /** Decoder positions: 448. */
  readonly textPositions: number;
}

/** Token ids with a meaning; the English-only, multilingual and large-v3 vocabularies differ. */
export interface WhisperTokens {
  readonly endOfText: number;
  readonly startOfTranscript: number;
  readonly startOfPrevious: number;
  readonly transcribe: number;
  readonly translate: number;
  readonly noSpeech: number;
  readonly noTimestamps: number;
  /** `<|0.00|>`; each next id is 20 ms later. */
  readonly timestampBegin: number;
  /** Language tokens by ISO 639-1 code; empty for English-only models. */
  readonly languages: Readonly<Record<string, number>>;
  /** Never written: symbols that are not spoken, and the control tokens. */
  readonly suppress: readonly number[];
  /** Not written first: a blank and the end. */
  readonly suppressBegin: readonly number[];
}

/** What a model's own files say beyond its weights. */
export interface WhisperInfo {
  readonly multilingual: boolean;
  readonly tokens: WhisperTokens;
  /** (layer, head) pairs whose attention follows the audio; for word times. */
  readonly alignmentHeads: readonly (readonly [number, number])[];
}

const ids = z.array(z.int().nonnegative());
/** The keys of CTranslate2's `config.json`, of `transformers`' and of its `generation_config.json`. */
const configSchema = z.object({
  suppress_ids: ids.nullish(),
  suppress_ids_begin: ids.nullish(),
  suppress_tokens: ids.nullish(),
  begin_suppress_tokens: ids.nullish(),
  alignment_heads: z.array(z.tuple([z.int(), z.int()])).nullish(),
  is_multilingual: z.boolean().nullish(),
  encoder_attention_heads: z.int().positive().nullish(),
});
type Config = z.infer<typeof configSchema>;

const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })),
  model: z.object({ vocab: z.record(z.string(), z.int()) }),
});

/** Multilingual vocabularies have 51,865 entries or more, English-only ones 51,864. */
const MULTILINGUAL_VOCABULARY = 51_865;
/** The token of a lone space in the byte-level vocabulary. */
const BLANK = 'Ġ';

/** Reads `config.json` and, where there is one, `generation_config.json`; the latter counts more. */
export async function readConfig(modelDir: string): Promise<Config> {
  const merged: Record<string, unknown> = {};
  for (const name of ['config.json', 'generation_config.json']) {
    const path = join(modelDir, name);
    if (!(await exists(path))) continue;
    const values = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    for (const [key, value] of Object.entries(values)) if (value !== null) merged[key] = value;
  }
  return configSchema.parse(merged);
}

/**
 * Gathers what decoding needs to know from the tokenizer and the configuration of a model.
 * @throws Error if the tokenizer lacks a token that every Whisper vocabulary has.
 */
export async function readWhisperInfo(modelDir: string, vocabulary: number): Promise<WhisperInfo> {
  const config = await readConfig(modelDir);
  const text = await readFile(join(modelDir, 'tokenizer.json'), 'utf8');
  const tokenizer = tokenizerSchema.parse(JSON.parse(text));
  const added = new Map(tokenizer.added_tokens.map(({ content, id }) => [content, id]));
  const multilingual = config.is_multilingual ?? vocabulary >= MULTILINGUAL_VOCABULARY;
  const blank = tokenizer.model.vocab[BLANK];
  return {
    multilingual,
    tokens: readTokens(added, { config, multilingual, blank }),
    alignmentHeads: config.alignment_heads ?? [],
  };
}

interface TokenFacts {
  readonly config: Config;
  readonly multilingual: boolean;
  readonly blank: number | undefined;
}

function readTokens(added: ReadonlyMap<string, number>, facts: TokenFacts): WhisperTokens {
  const { config, multilingual, blank } = facts;
  const id = (...names: string[]): number => {
    const found = names.map((name) => added.get(`<|${name}|>`)).find((one) => one !== undefined);
    if (found === undefined) throw new Error(`The tokenizer has no <|${names[0]}|>.`);
    return found;
  };
  const endOfText = id('endoftext');
  const startOfTranscript = id('startoftranscript');
  const control = {
    startOfPrevious: id('startofprev'),
    transcribe: id('transcribe'),
    translate: id('translate'),
    // Older vocabularies call it no captions.
    noSpeech: id('nospeech', 'nocaptions'),
    noTimestamps: id('notimestamps'),
  };
  const never = [
    ...(config.suppress_ids ?? config.suppress_tokens ?? []),
    startOfTranscript,
    id('startoflm'),
    ...Object.values(control),
  ];
  return {
    endOfText,
    startOfTranscript,
    ...control,
    timestampBegin: control.noTimestamps + 1,
    languages: multilingual ? languageTokens(added) : {},
    suppress: [...new Set(never)].toSorted((a, b) => a - b),
    suppressBegin: config.suppress_ids_begin ??
      config.begin_suppress_tokens ?? [...(blank === undefined ? [] : [blank]), endOfText],
  };
}

/**
 * The language tokens are the added ones of two or three letters. Whisper writes Javanese as `jw`,
 * which ISO 639-1 withdrew for `jv`: both are known, and `jv` comes first.
 */
function languageTokens(added: ReadonlyMap<string, number>): Record<string, number> {
  const found: [string, number][] = [];
  for (const [content, id] of added) {
    const [, code] = /^<\|([a-z]{2,3})\|>$/.exec(content) ?? [];
    if (code === 'jw') found.push(['jv', id]);
    if (code !== undefined) found.push([code, id]);
  }
  return Object.fromEntries(found);
}

/** Whether a file is there. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
