import { ChorusError } from '../protocol/errors.js';
import type { PieceMarks, ResumePoint, SpeechEvent, WordMark } from '../protocol/requests.js';
import { readAhead } from './read-ahead.js';
import { type Settled, settle } from './settled.js';
import { type Line, linesOf, type LinesOptions } from './speech-lines.js';
import type { AudioPart, BegunUtterance } from './utterance.js';

/**
 * Marks and parts that are asked for beyond the one that is waited for, those of the next utterance
 * among them: enough for an idle replica to find work while another makes what the next parts need.
 */
const ITEMS_AHEAD = 5;

/** How a text is spoken by a model. */
export interface SpeechRun extends LinesOptions {
  /** Whether the same request gives the same samples again. */
  readonly deterministic: boolean;
  /** Where to begin, if not at the beginning. */
  readonly resume: ResumePoint | undefined;
  readonly characters: number;
}

/**
 * Speaks utterance by utterance, in order, each in the parts that its model makes. While one is
 * heard the next is begun, so that idle replicas have work; where a step belongs in the audio says
 * which of several listeners is served first. A reader that takes nothing leaves a bounded number of
 * steps waiting.
 * @throws ChorusError `unspeakable_text` before any event if there is nothing to speak.
 */
export async function* runSpeech(speech: SpeechRun): AsyncGenerator<SpeechEvent> {
  const { sampleRateHz, deterministic, resume, follows } = speech;
  const lines = linesOf(speech);
  for (let passed = follows?.pieces ?? 0; passed < (resume?.piece ?? 0); passed += 1)
    await lines.next();
  const first = await beginNext(lines, 0);
  // Another worker may have been lost with nothing left to say but that it was done.
  if (!first && !resume) throw unspeakable();
  yield { type: 'start', sampleRateHz, deterministic };
  let samples = 0;
  for await (const item of readAhead(itemsOf(first, { lines, speech }), ITEMS_AHEAD)) {
    if ('mark' in item) yield item.mark;
    else {
      const audio = await item.audio.take();
      samples += audio.length;
      if (audio.length > 0) yield { type: 'audio', pcm: bytesOf(audio) };
    }
  }
  const audioSeconds = samples / sampleRateHz;
  yield { type: 'usage', usage: { characters: speech.characters, audioSeconds } };
  yield { type: 'done' };
}

type MarkEvent = Extract<SpeechEvent, { readonly type: 'mark' }>;

/** What is said next: an utterance's mark, or audio that is being made. */
type Item = { readonly mark: MarkEvent } | { readonly audio: Settled<Float32Array> };

interface Speaking {
  readonly lines: AsyncGenerator<Line, undefined>;
  readonly speech: SpeechRun;
}

/** All that is said from a line on. Whoever asks for an item has its audio made. */
async function* itemsOf(
  first: BegunLine | undefined,
  { lines, speech: { sampleRateHz, resume } }: Speaking,
): AsyncGenerator<Item> {
  let ahead = first;
  let skip = resume?.skipSamples ?? 0;
  let samplesBefore = 0;
  while (ahead) {
    const { line, begun } = ahead;
    const endsAfter = samplesBefore / sampleRateHz + line.utterance.expectedSeconds;
    const next = settle(beginNext(lines, endsAfter));
    const { words, parts } = await begun.take();
    const wholeSamples = line.pauseSamples + lengthOf(parts);
    const samples = Math.max(0, wholeSamples - skip);
    const marks = marksOf(line, { words, wholeSamples });
    yield { mark: { type: 'mark', piece: line.index, samples, marks } };
    yield* audioOf({ line, parts, skip, samplesBefore, sampleRateHz });
    samplesBefore += samples;
    skip = 0;
    ahead = await next.take();
  }
}

interface BegunLine {
  readonly line: Line;
  readonly begun: Settled<BegunUtterance>;
}

/** Begins the next utterance; nobody waits for it yet. */
async function beginNext(
  lines: AsyncGenerator<Line, undefined>,
  afterSeconds: number,
): Promise<BegunLine | undefined> {
  const line = (await lines.next()).value;
  return line && { line, begun: settle(line.utterance.begin({ afterSeconds })) };
}

interface LineAudio {
  readonly line: Line;
  readonly parts: readonly AudioPart[];
  /** Samples at the beginning that nobody wants again. */
  readonly skip: number;
  /** Samples of the request before it. */
  readonly samplesBefore: number;
  readonly sampleRateHz: number;
}

/** A line's audio from `skip` on. What is skipped is not computed, as far as whole parts go. */
function* audioOf(options: LineAudio): Generator<Item> {
  const { line, parts, skip, samplesBefore, sampleRateHz } = options;
  const silence = line.pauseSamples - skip;
  let start = line.pauseSamples;
  if (silence > 0) yield { audio: settle(Promise.resolve(new Float32Array(silence))) };
  for (const part of parts) {
    const skipped = Math.max(0, skip - start);
    const after = samplesBefore + Math.max(0, start - skip);
    start += part.samples;
    if (skipped >= part.samples) continue;
    yield { audio: settle(tailOf(part, { skipped, afterSeconds: after / sampleRateHz })) };
  }
}

async function tailOf(
  part: AudioPart,
  { skipped, afterSeconds }: { readonly skipped: number; readonly afterSeconds: number },
): Promise<Float32Array> {
  return (await part.run({ afterSeconds })).subarray(skipped);
}

function marksOf(
  { piece, pauseSamples }: Line,
  { words, wholeSamples }: { readonly words: readonly WordMark[]; readonly wholeSamples: number },
): PieceMarks {
  const { sentence, source } = piece;
  const later = ({ fromSample, toSample, ...span }: WordMark): WordMark => ({
    ...span,
    fromSample: pauseSamples + fromSample,
    toSample: pauseSamples + toSample,
  });
  const sound = { fromSample: pauseSamples, toSample: wholeSamples };
  return { sentence, start: source.start, end: source.end, ...sound, words: words.map(later) };
}

function lengthOf(parts: readonly AudioPart[]): number {
  return parts.reduce((samples, part) => samples + part.samples, 0);
}

function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function unspeakable(): ChorusError {
  const message = 'The input holds nothing that can be spoken: no letters and no numbers.';
  return new ChorusError('unspeakable_text', message, { param: 'input' });
}
