/** From one window of speech to segments with times in the file. */
import type { TranscriptSegment, TranscriptWord } from '../../protocol/requests.js';
import type { PackedWindow } from '../vad/pack-windows.js';
import { stretchInFile, type Stretch } from './file-times.js';
import { climb, type Attempt } from './ladder.js';
import type { OpenWhisper } from './open-whisper.js';
import { compressibility, isNoSpeech, isSpoken } from './quality.js';
import { splitWindow, type TokenSegment } from './segments.js';
import type { WindowResult, WindowStep } from './steps.js';
import { tokenLogprobs } from './token-logprobs.js';
import { FRAME_SAMPLES, FRAMES_PER_SECOND, paddedFrames } from './window-size.js';
import { segmentWords, type WordSegment } from './words.js';

/** Samples before the centre of a frame that its features look at. */
const MARGIN_SAMPLES = 200;
/**
 * What is left after the last segment and is shorter than this holds no word; and no part of a window is
 * shorter, so that one that confuses the model is heard a few times at most.
 */
const SHORTEST_PART_FRAMES = 50;

/** What a window is asked for. */
export type WindowWishes = Pick<
  WindowStep,
  'language' | 'task' | 'prompt' | 'temperature' | 'beamSize' | 'alignment'
> & { readonly logprobs?: boolean };

/** A window, and what is heard with. */
export interface WindowHearing {
  readonly model: OpenWhisper;
  readonly window: PackedWindow;
  /** Samples of the window. */
  readonly pcm: Int16Array;
  readonly wishes: WindowWishes;
  write(step: WindowStep): Promise<WindowResult>;
}

/** What was heard in a window. */
export interface HeardWindow {
  readonly segments: readonly Omit<TranscriptSegment, 'id'>[];
  readonly language?: string;
  /** Tokens of the text, to condition the next window with; empty if they were mere guesses. */
  readonly context: readonly number[];
}

/** Above this temperature a text is no context for the next (`whisper/transcribe.py`). */
const MAX_CONTEXT_TEMPERATURE = 0.5;

/**
 * Writes a window down. If the text ends before the speech does, the rest is heard again, from the
 * end of the last whole segment on.
 */
export async function hearWindow(hearing: WindowHearing): Promise<HeardWindow> {
  const { wishes, pcm } = hearing;
  const frames = Math.floor(pcm.length / FRAME_SAMPLES);
  const segments: Omit<TranscriptSegment, 'id'>[] = [];
  const context: number[] = [];
  let { language } = wishes;
  for (let seek = 0; seek < frames;) {
    if (seek > 0 && frames - seek < SHORTEST_PART_FRAMES) break;
    // The prompt is for the beginning.
    const prompt = seek === 0 ? wishes.prompt : [];
    const known = language === undefined ? {} : { language };
    const part = await hearPart({ ...hearing, wishes: { ...wishes, prompt, ...known } }, seek);
    language = part.language ?? language;
    segments.push(...part.segments);
    context.push(...part.context);
    seek += Math.max(SHORTEST_PART_FRAMES, part.advanceFrames);
  }
  return { segments, context, ...(language === undefined ? {} : { language }) };
}

interface HeardPart extends HeardWindow {
  readonly advanceFrames: number;
}

async function hearPart(hearing: WindowHearing, seek: number): Promise<HeardPart> {
  const { model, pcm, wishes, write } = hearing;
  const { logprobs: _, ...asked } = wishes;
  const start = seek * FRAME_SAMPLES;
  const lead = Math.min(start, MARGIN_SAMPLES);
  const frames = Math.floor((pcm.length - start) / FRAME_SAMPLES);
  const totalFrames = paddedFrames(frames, model);
  const audio = { pcm: pcm.slice(start - lead), lead, frames, totalFrames };
  const decode = (tokens: readonly number[]) => model.tokenizer.decode(tokens);
  const attempt = await climb({ type: 'window', ...audio, ...asked }, { write, decode });
  const { result, temperature } = attempt;
  const { language } = result;
  const known = language === undefined ? {} : { language };
  // Where nobody speaks no language is told.
  if (isNoSpeech(result)) return { segments: [], context: [], advanceFrames: frames };
  const split = splitWindow(result.tokens, model.info.tokens, frames);
  const segments = segmentsOf(hearing, attempt, { split: split.segments, seek });
  const context = temperature > MAX_CONTEXT_TEMPERATURE ? [] : result.tokens;
  return { segments, context, advanceFrames: split.advanceFrames, ...known };
}

interface Place {
  readonly split: readonly TokenSegment[];
  /** Frames in the window before the part. */
  readonly seek: number;
}

function segmentsOf(
  hearing: WindowHearing,
  { result, temperature }: Attempt,
  { split, seek }: Place,
): Omit<TranscriptSegment, 'id'>[] {
  const { model, window, wishes } = hearing;
  const { tokenizer } = model;
  const { avgLogprob, noSpeechProb, language = 'en' } = result;
  const compressionRatio = compressibility(tokenizer.decode(result.tokens));
  const numbers = { temperature, avgLogprob, compressionRatio, noSpeechProb };
  const before = seek / FRAMES_PER_SECOND;
  const inFile = <Timed extends Stretch>(timed: Timed): Timed => {
    const stretch = { start: before + timed.start, end: before + timed.end };
    return { ...timed, ...stretchInFile(stretch, window.times) };
  };
  const timed: readonly WordSegment[] = segmentWords(split.map(secondsOf), {
    tokenizer,
    result,
    language,
  });
  return timed.flatMap(({ tokens, logprobs, start, end, words }) => {
    const text = tokenizer.decode(tokens);
    if (!isSpoken(text) || start >= end) return [];
    return {
      seek: Math.round(window.times.toFileSeconds(before) * FRAMES_PER_SECOND),
      ...segmentInFile(inFile({ start, end }), words?.map(inFile)),
      text,
      tokens,
      ...numbers,
      ...(wishes.logprobs ? { tokenLogprobs: tokenLogprobs(tokenizer, tokens, logprobs) } : {}),
    };
  });
}

/** Words that lie on one side of a pause may leave their segment a little: it follows them. */
function segmentInFile(
  { start, end }: Stretch,
  words: readonly TranscriptWord[] | undefined,
): Stretch & Pick<TranscriptSegment, 'words'> {
  const [first, last] = [words?.[0], words?.at(-1)];
  if (!words || !first || !last) return { start, end };
  return { start: first.start, end: last.end, words };
}

function secondsOf({
  startFrame,
  endFrame,
  tokens,
  at,
}: TokenSegment): Omit<WordSegment, 'logprobs'> {
  return {
    tokens,
    at,
    start: startFrame / FRAMES_PER_SECOND,
    end: endFrame / FRAMES_PER_SECOND,
  };
}
