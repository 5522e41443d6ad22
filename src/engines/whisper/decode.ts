/** Writing one window down, token by token. */
import type { WhisperDims, WhisperTokens } from '../../models/whisper/info.js';
import type { StepControl } from '../engine.js';
import type { DecoderRun, EncodedWindow } from './backend.js';
import { chooseToken, probabilityOf } from './choose.js';
import { loopLength } from './repetition.js';
import { applyRules } from './rules.js';
import type { WindowResult, WindowStep } from './steps.js';

/** The vocabulary and the longest sequence of a model. */
export interface DecodingModel {
  readonly tokens: WhisperTokens;
  readonly dims: Pick<WhisperDims, 'textPositions'>;
}

/** What to decode and how. */
export interface DecodeOptions extends DecodingModel {
  readonly step: Pick<WindowStep, 'language' | 'prompt' | 'temperature'>;
  readonly control: StepControl;
}

/**
 * Decodes a window: language if it is not given, then text and timestamps until the end token, the
 * length bound, a loop or a cancel. Source of the start sequence: `whisper/decoding.py`.
 */
export async function decodeWindow(
  audio: EncodedWindow,
  options: DecodeOptions,
): Promise<WindowResult> {
  const { tokens, step } = options;
  const language = step.language ?? (await detectLanguage(audio, tokens));
  const run = audio.decode();
  const atStart = await run.step(startTokens(options));
  const noSpeechProb = probabilityOf(atStart, tokens.noSpeech);
  const languageToken = language === undefined ? undefined : tokens.languages[language];
  const task = languageToken === undefined ? [] : [languageToken, tokens.transcribe];
  const first = task.length > 0 ? await run.step(task) : atStart;
  const text = await decodeText(run, first, options);
  return { ...text, noSpeechProb, ...(language === undefined ? {} : { language }) };
}

/** The end of the text before, if any, and the start token; at most half of the positions. */
function startTokens({ tokens, dims, step }: DecodeOptions): number[] {
  if (step.prompt.length === 0) return [tokens.startOfTranscript];
  const kept = step.prompt.slice(-(dims.textPositions / 2 - 1));
  return [tokens.startOfPrevious, ...kept, tokens.startOfTranscript];
}

async function detectLanguage(
  audio: EncodedWindow,
  tokens: WhisperTokens,
): Promise<string | undefined> {
  const candidates = Object.entries(tokens.languages);
  if (candidates.length === 0) return undefined;
  const logits = await audio.decode().step([tokens.startOfTranscript]);
  const logitOf = ([, id]: readonly [string, number]) => logits[id] ?? Number.NEGATIVE_INFINITY;
  const [code] = candidates.reduce((best, one) => (logitOf(one) > logitOf(best) ? one : best));
  return code;
}

async function decodeText(
  run: DecoderRun,
  first: Float32Array,
  { tokens, dims, step, control }: DecodeOptions,
): Promise<Pick<WindowResult, 'tokens' | 'avgLogprob'>> {
  const written: number[] = [];
  let logprobs = 0;
  let logits = first;
  const limit = dims.textPositions / 2;
  while (!control.canceled) {
    applyRules(logits, written, tokens);
    const { token, logprob } = chooseToken(logits, step.temperature);
    logprobs += logprob;
    if (token === tokens.endOfText) break;
    written.push(token);
    if (written.length >= limit || loopOf(written, tokens) > 0) break;
    logits = await run.step([token]);
  }
  return {
    tokens: withoutLoop(written, tokens),
    avgLogprob: logprobs / (written.length + 1),
  };
}

/** Timestamps go on in a loop of text, so only the text is compared. */
function loopOf(written: readonly number[], { timestampBegin }: WhisperTokens): number {
  return loopLength(written.filter((id) => id < timestampBegin));
}

/** Drops a loop from the end, down to its first round, with the timestamps in between. */
function withoutLoop(written: readonly number[], tokens: WhisperTokens): readonly number[] {
  let left = loopOf(written, tokens);
  if (left === 0) return written;
  let end = written.length;
  while (left > 0) {
    end--;
    if ((written[end] ?? 0) < tokens.timestampBegin) left--;
  }
  return written.slice(0, end);
}
