import { z } from 'zod';
import type { SpeechSegmentation } from '../../protocol/requests.js';
import { PLAIN_NUMBER } from '../validate.js';

/** What OpenAI's API takes where a client leaves one out. */
const DEFAULTS: SpeechSegmentation = {
  threshold: 0.5,
  prefixPaddingMs: 300,
  silenceDurationMs: 200,
};
const MAX_SILENCE_MS = 10_000;
/** Beside it speech must have room in a window of 15 s. */
const MAX_PADDING_MS = 5_000;

const shape =
  'chunking_strategy must be auto, or an object {"type": "server_vad"} with threshold, ' +
  'prefix_padding_ms and silence_duration_ms.';

/** In JSON they are numbers, in fields of a form they are texts; a null counts as absent. */
function number(name: string, { max, unit }: { max: number; unit: string }) {
  const bound = `chunking_strategy ${name} must be ${unit} from 0 to ${max}.`;
  const text = z.string().regex(PLAIN_NUMBER, bound).transform(Number);
  return z
    .union([z.number(), text], bound)
    .pipe(z.number().min(0, bound).max(max, bound))
    .nullish();
}

function milliseconds(name: string, max: number) {
  const limits = { max, unit: 'a whole number of milliseconds' };
  return number(name, limits).refine(
    (value) => Number.isInteger(value ?? 0),
    `chunking_strategy ${name} must be ${limits.unit} from 0 to ${max}.`,
  );
}

const serverVad = z.object(
  {
    type: z.literal('server_vad', shape),
    threshold: number('threshold', { max: 1, unit: 'a number' }),
    prefix_padding_ms: milliseconds('prefix_padding_ms', MAX_PADDING_MS),
    silence_duration_ms: milliseconds('silence_duration_ms', MAX_SILENCE_MS),
  },
  shape,
);

/**
 * How a client wants speech to be found: `auto`, an object, its JSON text, or fields of a form.
 * `auto` leaves it to the engine, as does its absence.
 */
export const chunkingStrategy = z
  .preprocess(fromText, serverVad.optional())
  .transform((strategy) => (strategy === undefined ? undefined : segmentationOf(strategy)))
  .describe('How speech is found: `auto`, or a JSON text; also `chunking_strategy[threshold]`.');

/** What begins as an object is read as JSON; the schema refuses any other text but `auto`. */
function fromText(value: unknown): unknown {
  if (value === 'auto') return undefined;
  if (typeof value !== 'string' || !value.trim().startsWith('{')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function segmentationOf(strategy: z.output<typeof serverVad>): SpeechSegmentation {
  return {
    threshold: strategy.threshold ?? DEFAULTS.threshold,
    prefixPaddingMs: strategy.prefix_padding_ms ?? DEFAULTS.prefixPaddingMs,
    silenceDurationMs: strategy.silence_duration_ms ?? DEFAULTS.silenceDurationMs,
  };
}
