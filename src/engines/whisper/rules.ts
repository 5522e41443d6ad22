/**
 * Which tokens may come next. Source of the rules: `whisper/decoding.py` of OpenAI's Whisper
 * (`SuppressBlank`, `SuppressTokens`, `ApplyTimestampRules`).
 */
import type { WhisperTokens } from '../../models/whisper/info.js';

/** The first segment begins within this time of its window. */
const MAX_INITIAL_TIMESTAMP_SECONDS = 1;
/** Seconds between two timestamp tokens. */
const TIMESTAMP_SECONDS = 0.02;

const NEVER = Number.NEGATIVE_INFINITY;
/** What is this far under the largest adds nothing to a sum of 1,501 exponentials. */
const NEGLIGIBLE = -18;

/**
 * Rules out tokens by setting their logits to −∞, in place.
 * @param logits One number per token of the vocabulary.
 * @param written What was written in this window so far.
 */
export function applyRules(
  logits: Float32Array,
  written: readonly number[],
  tokens: WhisperTokens,
): void {
  for (const id of tokens.suppress) logits[id] = NEVER;
  if (written.length === 0) for (const id of tokens.suppressBegin) logits[id] = NEVER;
  pairTimestamps(logits, written, tokens);
  if (written.length === 0) limitFirstTimestamp(logits, tokens);
  preferTimestamp(logits, tokens);
}

/** Timestamps come in pairs (end, start) between segments, and never go back. */
function pairTimestamps(
  logits: Float32Array,
  written: readonly number[],
  { timestampBegin, endOfText }: WhisperTokens,
): void {
  const isTimestamp = (id: number | undefined) => id !== undefined && id >= timestampBegin;
  const lastIs = isTimestamp(written.at(-1));
  const previousIs = written.length < 2 || isTimestamp(written.at(-2));
  if (lastIs && previousIs) logits.fill(NEVER, timestampBegin);
  else if (lastIs) logits.fill(NEVER, 0, endOfText);
  const latest = written.findLast(isTimestamp);
  if (latest === undefined) return;
  // The start of the next segment may equal the end of this one; an end lies after its start.
  logits.fill(NEVER, timestampBegin, lastIs && !previousIs ? latest : latest + 1);
}

function limitFirstTimestamp(logits: Float32Array, { timestampBegin }: WhisperTokens): void {
  logits.fill(NEVER, 0, timestampBegin);
  const last = timestampBegin + Math.round(MAX_INITIAL_TIMESTAMP_SECONDS / TIMESTAMP_SECONDS);
  logits.fill(NEVER, last + 1);
}

/** A timestamp is due when all of them together are likelier than the likeliest text token. */
function preferTimestamp(logits: Float32Array, { timestampBegin }: WhisperTokens): void {
  const bestText = largest(logits, 0, timestampBegin);
  const bestTime = largest(logits, timestampBegin, logits.length);
  if (bestTime === NEVER) return;
  let sum = 0;
  for (let i = timestampBegin; i < logits.length; i++) {
    const below = (logits[i] as number) - bestTime;
    if (below > NEGLIGIBLE) sum += Math.exp(below);
  }
  if (bestTime + Math.log(sum) > bestText) logits.fill(NEVER, 0, timestampBegin);
}

function largest(values: Float32Array, start: number, end: number): number {
  let best = NEVER;
  for (let i = start; i < end; i++) {
    const value = values[i] as number;
    if (value > best) best = value;
  }
  return best;
}
