/** Writing windows down, token by token, several together. */
import type { WhisperDims, WhisperTokens } from '../../models/whisper/info.js';
import type { StepControl } from '../engine.js';
import { evidenceOf } from './alignment.js';
import type { DecoderAnswer, DecoderRun, EncodedBatch } from './backend.js';
import { searchBeam } from './beam.js';
import { chooseToken, probabilityOf } from './choose.js';
import { applyRules } from './rules.js';
import { Sequence } from './sequence.js';
import type { TokenAlignment, WindowResult, WindowStep } from './steps.js';
import { warpedStarts } from './time-warping.js';

/** The vocabulary and the longest sequence of a model. */
export interface DecodingModel {
  readonly tokens: WhisperTokens;
  readonly dims: Pick<WhisperDims, 'textPositions'>;
}

/** A window to decode: how, and who stops it. */
export interface DecodeJob {
  readonly step: Pick<
    WindowStep,
    'language' | 'task' | 'prompt' | 'begun' | 'temperature' | 'frames' | 'alignment' | 'beamSize'
  >;
  readonly control: StepControl;
}

/** Frames that a position of the encoder spans. */
const FRAMES_PER_POSITION = 2;

/** How many tokens are fed before the first choice but for language and task. */
export function startLength(
  { dims }: DecodingModel,
  { prompt, begun = [] }: Pick<WindowStep, 'prompt' | 'begun'>,
): number {
  const start = prompt.length === 0 ? 1 : Math.min(prompt.length, dims.textPositions / 2 - 1) + 2;
  return start + begun.length;
}

/**
 * Decodes windows of equal length whose starts, and texts that they begin with, are of equal length
 * too: language if it is not given, then text and timestamps until each has its end token, too many tokens, a loop or a cancel. A window
 * that has ended leaves the batch. Source of the start sequence: `whisper/decoding.py`.
 */
export async function decodeBatch(
  audio: EncodedBatch,
  jobs: readonly DecodeJob[],
  model: DecodingModel,
): Promise<WindowResult[]> {
  const languages = await languagesOf(audio, jobs, model.tokens);
  const run = audio.decode();
  const wantQueries = jobs.some(({ step }) => step.alignment);
  const starts = jobs.map(({ step }) => startTokens(model, step));
  const atStart = await run.step(starts, wantQueries);
  const noSpeech = atStart.logits.map((logits) => probabilityOf(logits, model.tokens.noSpeech));
  const tasks = jobs.map(({ step }, index) => taskTokens(model.tokens, step, languages[index]));
  const next = jobs.map(({ step }, index) => [...(tasks[index] ?? []), ...(step.begun ?? [])]);
  const hasNext = (next[0] ?? []).length > 0;
  const first = hasNext ? await run.step(next, wantQueries) : atStart;
  const limit = writtenLimit(model, (starts[0]?.length ?? 0) + (tasks[0]?.length ?? 0));
  const decoding = { audio, run, model, jobs, first, limit };
  const texts = await (jobs[0]?.step.beamSize === undefined
    ? decodeGreedily(decoding)
    : decodeByBeam(decoding, jobs[0].step.beamSize));
  return texts.map((text, index) => {
    const language = languages[index];
    const known = language === undefined ? {} : { language };
    return { type: 'window', ...text, ...known, noSpeechProb: noSpeech[index] ?? 0 };
  });
}

/** Most tokens of a window: half of the positions, and no more than those fed before leave room for. */
function writtenLimit({ dims: { textPositions } }: DecodingModel, fed: number): number {
  // The last token that is written is not fed.
  return Math.min(textPositions / 2, textPositions - fed + 1);
}

/** The end of the text before, if any, and the start token; at most half of the positions. */
function startTokens({ tokens, dims }: DecodingModel, { prompt }: DecodeJob['step']): number[] {
  if (prompt.length === 0) return [tokens.startOfTranscript];
  const kept = prompt.slice(-(dims.textPositions / 2 - 1));
  return [tokens.startOfPrevious, ...kept, tokens.startOfTranscript];
}

function taskTokens(
  tokens: WhisperTokens,
  { task }: DecodeJob['step'],
  language: string | undefined,
): number[] {
  const languageToken = language === undefined ? undefined : tokens.languages[language];
  if (languageToken === undefined) return [];
  return [languageToken, task === 'translate' ? tokens.translate : tokens.transcribe];
}

async function languagesOf(
  audio: EncodedBatch,
  jobs: readonly DecodeJob[],
  tokens: WhisperTokens,
): Promise<readonly (string | undefined)[]> {
  const given = jobs.map(({ step }) => step.language);
  const candidates = Object.entries(tokens.languages);
  if (candidates.length === 0 || given.every((language) => language !== undefined)) return given;
  const { logits } = await audio.decode().step(jobs.map(() => [tokens.startOfTranscript]));
  return given.map((language, index) => language ?? likeliest(candidates, logits[index]));
}

function likeliest(
  candidates: readonly (readonly [string, number])[],
  logits: Float32Array = new Float32Array(),
): string | undefined {
  const logitOf = ([, id]: readonly [string, number]) => logits[id] ?? Number.NEGATIVE_INFINITY;
  return candidates.reduce((best, one) => (logitOf(one) > logitOf(best) ? one : best))[0];
}

interface Decoding {
  readonly audio: EncodedBatch;
  readonly run: DecoderRun;
  readonly model: DecodingModel;
  readonly jobs: readonly DecodeJob[];
  /** The answer that the first choice is made of. */
  readonly first: DecoderAnswer;
  /** Most tokens of a window. */
  readonly limit: number;
}

type Text = Omit<WindowResult, 'type' | 'language' | 'noSpeechProb'>;

async function decodeGreedily(decoding: Decoding): Promise<Text[]> {
  const { run, jobs, model, limit } = decoding;
  const sequences = jobs.map(({ step }) => new Sequence(model.tokens, limit, step.begun));
  const texts: Text[] = [];
  let rows = jobs.map((_, index) => index);
  for (let answer = decoding.first; ;) {
    for (const [row, index] of rows.entries()) choose(decoding, { row, index, sequences, answer });
    const isOver = (index: number) => sequences[index]?.isOver || jobs[index]?.control.canceled;
    for (const index of rows.filter(isOver)) {
      texts[index] = await finished(decoding, index, sequences[index] as Sequence);
    }
    const left = remaining(rows.map((index) => !isOver(index)));
    if (left.length === 0) return texts;
    if (left.length < rows.length) run.keep(left);
    rows = left.map((row) => rows[row] ?? 0);
    const wantQueries = rows.some((index) => jobs[index]?.step.alignment);
    answer = await run.step(
      rows.map((index) => sequences[index]?.written.slice(-1) ?? []),
      wantQueries,
    );
  }
}

interface RowChoice {
  readonly row: number;
  readonly index: number;
  readonly sequences: readonly Sequence[];
  readonly answer: DecoderAnswer;
}

function choose({ jobs, model }: Decoding, { row, index, sequences, answer }: RowChoice): void {
  const logits = answer.logits[row];
  const sequence = sequences[index];
  const job = jobs[index];
  if (!logits || !sequence || !job || job.control.canceled) return;
  applyRules(logits, sequence.written, model.tokens);
  const query = job.step.alignment ? answer.queries?.[row] : undefined;
  sequence.push(chooseToken(logits, job.step.temperature), query);
}

/**
 * The rows that stay, with those from the end in the places that became free: what stays where it is
 * need not be copied.
 */
function remaining(stays: readonly boolean[]): number[] {
  const left: number[] = [];
  let end = stays.length;
  for (let row = 0; row < end; row++) {
    if (stays[row]) left.push(row);
    else {
      do end--;
      while (end > row && !stays[end]);
      if (end > row) left.push(end);
    }
  }
  return left;
}

async function finished(
  { audio, jobs }: Decoding,
  window: number,
  sequence: Sequence,
): Promise<Text> {
  const { step, control } = jobs[window] as DecodeJob;
  if (!step.alignment || control.canceled || sequence.queries.length < 2) return sequence.result;
  const alignment = await align(audio, { window, queries: sequence.queries, frames: step.frames });
  return { ...sequence.result, ...(alignment ? { alignment } : {}) };
}

interface AlignRequest {
  readonly window: number;
  readonly queries: readonly Float32Array[];
  /** That have audio. */
  readonly frames: number;
}

async function align(
  audio: EncodedBatch,
  { window, queries, frames }: AlignRequest,
): Promise<TokenAlignment | undefined> {
  const positions = Math.ceil(frames / FRAMES_PER_POSITION);
  const attention = await audio.attention({ window, queries, positions });
  if (!attention) return undefined;
  const evidence = evidenceOf(attention, { rows: queries.length, positions });
  return { starts: warpedStarts(evidence, queries.length), positions };
}

async function decodeByBeam(decoding: Decoding, width: number): Promise<Text[]> {
  const { run, model, first, jobs, limit } = decoding;
  const [job] = jobs as readonly [DecodeJob];
  const best = await searchBeam({ run, model, first, job, width, limit });
  return [await finished(decoding, 0, best)];
}
