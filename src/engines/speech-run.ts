import { ChorusError } from '../protocol/errors.js';
import type { PieceMarks, ResumePoint, SpeechEvent, WordMark } from '../protocol/requests.js';
import { type Settled, settle } from './settled.js';
import { type Line, linesOf, type LinesOptions } from './speech-lines.js';
import type { AudioPart, BegunUtterance } from './utterance.js';

/** Parts of an utterance that may be queued or running beside the one that is waited for. */
const PARTS_AHEAD = 2;

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
  const { sampleRateHz, deterministic, resume } = speech;
  const lines = linesOf(speech);
  for (let passed = 0; passed < (resume?.piece ?? 0); passed += 1) await lines.next();
  let ahead = await beginNext(lines, 0);
  // Another worker may have been lost with nothing left to say but that it was done.
  if (!ahead && !resume) throw unspeakable();
  yield { type: 'start', sampleRateHz, deterministic };
  let skip = resume?.skipSamples ?? 0;
  let samples = 0;
  while (ahead) {
    const { line, begun } = ahead;
    const endsAfter = samples / sampleRateHz + line.utterance.expectedSeconds;
    const next = settle(beginNext(lines, endsAfter));
    const { words, parts } = await begun.take();
    const wholeSamples = line.pauseSamples + lengthOf(parts);
    const marks = marksOf(line, { words, wholeSamples });
    yield { type: 'mark', piece: line.index, samples: Math.max(0, wholeSamples - skip), marks };
    for await (const audio of audioOf({
      line,
      parts,
      skip,
      samplesBefore: samples,
      sampleRateHz,
    })) {
      samples += audio.length;
      yield { type: 'audio', pcm: bytesOf(audio) };
    }
    skip = 0;
    ahead = await next.take();
  }
  const audioSeconds = samples / sampleRateHz;
  yield { type: 'usage', usage: { characters: speech.characters, audioSeconds } };
  yield { type: 'done' };
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
async function* audioOf(options: LineAudio): AsyncGenerator<Float32Array> {
  const { line, parts, skip, samplesBefore, sampleRateHz } = options;
  const silence = line.pauseSamples - skip;
  const ready: Settled<Float32Array>[] = [];
  let start = line.pauseSamples;
  if (silence > 0) ready.push(settle(Promise.resolve(new Float32Array(silence))));
  for (const part of parts) {
    const skipped = Math.max(0, skip - start);
    const after = samplesBefore + Math.max(0, start - skip);
    start += part.samples;
    if (skipped >= part.samples) continue;
    ready.push(settle(tailOf(part, { skipped, afterSeconds: after / sampleRateHz })));
    if (ready.length > PARTS_AHEAD) yield* taken(ready);
  }
  while (ready.length > 0) yield* taken(ready);
}

async function* taken(ready: Settled<Float32Array>[]): AsyncGenerator<Float32Array> {
  const audio = await ready.shift()?.take();
  if (audio && audio.length > 0) yield audio;
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
